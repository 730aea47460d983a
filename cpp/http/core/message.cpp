#include "http/core/message.h"

#include "http/core/header.h"

#include <algorithm>

namespace ocilot::http {

std::string_view to_string(Method method) noexcept {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::put:
            return "PUT";
        case Method::post:
            return "POST";
        case Method::patch:
            return "PATCH";
        case Method::del:
            return "DELETE";
        case Method::options:
            return "OPTIONS";
        case Method::other:
            return "OTHER";
    }
    return "OTHER";
}

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
    for (auto const& [key, value] : headers) {
        if (same_token(key, name)) return value;
    }
    return std::nullopt;
}

std::size_t Request::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::count_if(
        headers.begin(), headers.end(), [&](auto const& header) { return same_token(header.first, name); }));
}

bool Response::has(std::string_view name) const noexcept {
    return std::any_of(headers.begin(), headers.end(),
                       [&](auto const& header) { return same_token(header.first, name); });
}

Response& Response::replace(std::string_view name, std::string value) {
    std::erase_if(headers, [&](auto const& header) { return same_token(header.first, name); });
    return set(name, std::move(value));
}

Response& Response::text(std::string_view content_type, std::string value) {
    set("Content-Type", std::string(content_type));
    content_length = value.size();
    body = std::move(value);
    return *this;
}

}  // namespace ocilot::http
