#pragma once

#include "http/core/message.h"

#include <algorithm>
#include <span>
#include <string>

namespace ocilot::http::test {

/// A body in memory, handed out in pieces of at most `piece` bytes.
class TextSource final : public registry::ByteSource {
  public:
    explicit TextSource(std::string_view text, std::size_t piece = 1000) : rest_(text), piece_(piece) {}

    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        ++reads;
        auto const part = rest_.substr(0, std::min(out.size(), piece_));
        std::ranges::copy(std::as_bytes(std::span(part)), out.begin());
        rest_.remove_prefix(part.size());
        co_return part.size();
    }

    int reads = 0;

  private:
    std::string_view rest_;
    std::size_t piece_;
};

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

inline Request with_headers(Headers headers) {
    Request request;
    request.headers = std::move(headers);
    return request;
}

/// All values of a header of an answer.
inline std::vector<std::string> values(Response const& response, std::string_view name) {
    std::vector<std::string> found;
    for (auto const& [key, value] : response.headers) {
        if (key == name) found.push_back(value);
    }
    return found;
}

/// The one value of a header; empty if absent.
inline std::string value(Response const& response, std::string_view name) {
    auto const found = values(response, name);
    return found.empty() ? std::string() : found.front();
}

/// A body in memory as text.
inline std::string body(Response const& response) {
    if (auto const* text = std::get_if<std::string>(&response.body)) return *text;
    if (auto const* shared = std::get_if<SharedText>(&response.body)) return **shared;
    return {};
}

}  // namespace ocilot::http::test
