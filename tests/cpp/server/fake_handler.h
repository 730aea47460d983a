#pragma once

#include "http/core/message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace ocilot::test {

/// A blob of text, with or without a descriptor.
class TextBlob final : public blob::Blob {
  public:
    TextBlob(std::string text, bool in_file) : text_(std::move(text)) {
        if (!in_file) return;
        fd_ = ::memfd_create("blob", MFD_CLOEXEC);
        if (::write(fd_, text_.data(), text_.size()) < 0) throw std::runtime_error("memfd");
    }
    ~TextBlob() override {
        if (fd_ >= 0) ::close(fd_);
    }
    std::uint64_t size() const noexcept override { return text_.size(); }
    int fd() const noexcept override { return fd_; }
    Task<> load(std::uint64_t, std::uint64_t) override { co_return; }
    bool read_at_once(std::uint64_t, std::span<std::byte>) override { return false; }
    Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) override {
        auto const part = std::string_view(text_).substr(offset, out.size());
        std::memcpy(out.data(), part.data(), part.size());
        co_return part.size();
    }

  private:
    std::string text_;
    int fd_ = -1;
};

/// A body of three pieces; calls `at_second` before the second.
class ThreePieces final : public http::LiveBody {
  public:
    explicit ThreePieces(std::function<void()> at_second) : at_second_(std::move(at_second)) {}
    Task<std::optional<std::string>> next() override {
        ++number_;
        if (number_ == 2 && at_second_) at_second_();
        if (ended_ || number_ > 3) co_return std::nullopt;
        co_return "piece " + std::to_string(number_) + "\n";
    }
    void end() noexcept override { ended_ = true; }

  private:
    std::function<void()> at_second_;
    int number_ = 0;
    bool ended_ = false;
};

/// Answers by path; what it was asked is kept in `seen`.
class FakeHandler final : public http::Handler {
  public:
    std::string seen;       ///< `METHOD target\n` for each request
    std::string last_body;  ///< what the last /echo or /part read
    std::string last_id;
    std::string last_peer;
    bool last_local = false;
    bool last_forwarded = false;
    std::string last_host;
    std::function<void()> at_drain;   ///< called by /drain
    std::function<void()> at_second;  ///< called by /live, before its second piece
    std::vector<registry::FailedRead> failed_reads;

    Task<> read_failed(registry::FailedRead failed) override {
        failed_reads.push_back(failed);
        co_return;
    }
    /// Digest of the blobs that end early.
    static oci::Digest torn() { return oci::Digest::parse("sha256:" + std::string(64, 'a')).value(); }

    Task<http::Response> handle(http::Request const& request) override {
        seen += fmt::format("{} {}\n", http::to_string(request.method), request.target);
        last_id = request.id;
        last_peer = request.peer;
        last_local = request.local;
        last_forwarded = request.forwarded;
        last_host = request.header("Host").value_or("none");
        auto const path = request.target;
        http::Response response;
        if (path == "/known") *request.caller = {"ann", "user"};
        if (path == "/throw") throw std::runtime_error("a defect");
        if (path == "/drain") at_drain();
        if (path == "/live") {
            response.body = std::make_unique<ThreePieces>(at_second);
        } else if (path == "/echo") {
            response = co_await echo(request);
        } else if (path == "/part") {
            response = co_await part(request);
        } else {
            response = fixed(path);
        }
        response.route = "fake";
        co_return response;
    }

    http::Response refuse(Error const& error) const override {
        http::Response response;
        response.status = error.code == Errc::target_too_long    ? 414
                          : error.code == Errc::header_too_large ? 431
                          : error.code == Errc::request_timeout  ? 408
                          : error.code == Errc::not_implemented  ? 501
                          : error.code == Errc::internal         ? 500
                          : error.code == Errc::io               ? 500
                          : error.code == Errc::unavailable      ? 503
                                                                 : 400;
        response.close = true;
        response.by_client =
            error.code != Errc::internal && error.code != Errc::io && error.code != Errc::unavailable;
        if (response.status == 408) response.refusal = "request_timeout";
        response.text("application/json", fmt::format(R"({{"errors":[{{"message":"{}"}}]}})", error.message));
        return response;
    }

  private:
    Task<http::Response> echo(http::Request const& request) {
        last_body.clear();
        std::array<std::byte, 1000> piece;
        for (;;) {
            auto const count = co_await request.body->read(piece);
            if (count.has_error()) co_return refuse(count.error());
            if (*count == 0) break;
            last_body.append(reinterpret_cast<char const*>(piece.data()), *count);
        }
        http::Response response;
        response.text("text/plain", last_body);
        co_return response;
    }

    Task<http::Response> part(http::Request const& request) {
        std::array<std::byte, 4> piece;
        auto const count = co_await request.body->read(piece);
        last_body = count.has_error() ? "" : std::string(reinterpret_cast<char const*>(piece.data()), *count);
        http::Response response;
        response.text("text/plain", "part");
        co_return response;
    }

    static http::Response fixed(std::string_view path) {
        http::Response response;
        if (path == "/nothing") {
            response.status = 204;
        } else if (path == "/same") {
            response.status = 304;
            response.content_length = 5;
        } else if (path == "/length") {
            response.content_length = 5;  // Right for HEAD only.
        } else if (path == "/split") {
            response.set("Location", "/a\r\nSet-Cookie: b").text("text/plain", "split");
        } else if (path == "/own") {
            response.set("content-length", "7").set("Connection", "keep-alive").text("text/plain", "own");
        } else if (path == "/big") {
            response.body = std::make_shared<std::string const>(200'000, 'b');
        } else if (path == "/blob") {
            response.body = http::BlobBody{std::make_unique<TextBlob>("0123456789", true), 2, 5};
        } else if (path == "/memory") {
            response.body =
                http::BlobBody{std::make_unique<TextBlob>(std::string(300'000, 'm'), false), 1, 299'999};
        } else if (path == "/parts" || path == "/memory-parts") {
            http::PartsBody body;
            body.blob = std::make_unique<TextBlob>("0123456789", path == "/parts");
            body.parts = {{"<", 2, 3}, {"><", 9, 1}, {"><", 0, 2}};
            body.after = ">";
            body.length = 12;
            response.body = std::move(body);
        } else if (path == "/torn") {
            response.body = http::BlobBody{std::make_unique<TextBlob>("0123", true), 0, 100'000, torn()};
        } else if (path == "/small-torn") {
            response.body = http::BlobBody{std::make_unique<TextBlob>("0123", true), 0, 10, torn()};
        } else if (path == "/last") {
            response.close = true;
            response.text("text/plain", "last");
        } else {
            response.text("text/plain", "ok");
        }
        return response;
    }
};

}  // namespace ocilot::test
