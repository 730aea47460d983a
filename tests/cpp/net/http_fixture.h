#pragma once

#include "net/http_fetch.h"
#include "net/pooled_http_client.h"
#include "net/wire_server.h"

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>

namespace ocilot::test {

inline std::string ok(std::string_view body, std::string_view headers = {}) {
    return fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", headers, body.size(), body);
}

inline std::string redirect_to(std::string_view where, unsigned status = 302) {
    return fmt::format("HTTP/1.1 {} Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", status, where);
}

/// A body of a request that comes in pieces.
class PiecesBody final : public net::HttpBody {
  public:
    PiecesBody(std::vector<std::string> pieces, std::optional<std::uint64_t> length)
        : pieces_(std::move(pieces)), length_(length) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        ++reads;
        if (next_ == pieces_.size()) co_return std::size_t{0};
        auto& piece = pieces_[next_];
        if (piece == "!") co_return Error{Errc::blob_unknown, "the source failed"};
        auto const count = std::min(out.size(), piece.size());
        std::memcpy(out.data(), piece.data(), count);
        piece.erase(0, count);
        if (piece.empty()) ++next_;
        co_return count;
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept override { return length_; }
    unsigned reads = 0;

  private:
    std::vector<std::string> pieces_;
    std::optional<std::uint64_t> length_;
    std::size_t next_ = 0;
};

template <class T>
Task<> keep_result(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
}

/// A client with an authority of its own, on an I/O context that outlives each request, as a server's does.
class HttpFixture : public testing::Test {
  protected:
    HttpFixture() {
        write_pem(directory.file("authority.pem"), authority);
        make({});
    }
    /// Another client, with another pool; `settings` lack the trust.
    void make(net::PooledHttpClient::Settings settings) {
        settings.name = "test";
        if (!settings.trust) {
            settings.trust = net::TlsTrust::load({.authority_file = directory.file("authority.pem")}).value();
        }
        client.emplace(std::move(settings), metrics);
    }

    /// Runs one Task to its end; what is left behind stays on the context.
    template <class T>
    T run(Task<T> task) {
        std::optional<T> result;
        context.restart();
        asio::co_spawn(context.get_executor(), keep_result(std::move(task), result),
                       [](std::exception_ptr problem) {
                           if (problem) std::rethrow_exception(problem);
                       });
        while (!result && context.run_one() > 0) {
        }
        return std::move(result).value();
    }
    Result<net::HttpDocument> fetch(net::HttpRequest request) {
        return run(net::fetch(*client, std::move(request)));
    }
    Result<net::HttpDocument> get(std::string url) { return fetch({.url = std::move(url)}); }
    Result<net::HttpResponse> send(net::HttpRequest request) { return run(client->send(std::move(request))); }
    /// Reads once, at most `size` bytes.
    Result<std::string> read(net::HttpBody& body, std::size_t size = 1024) {
        std::string text(size, '\0');
        auto const count = run(body.read(std::as_writable_bytes(std::span(text))));
        if (count.has_error()) return count.error();
        text.resize(*count);
        return text;
    }
    /// Why there is no response.
    std::string failure(net::HttpRequest request, Errc code = Errc::unavailable) {
        auto const document = fetch(std::move(request));
        if (document.has_value()) return fmt::format("status {}", document->status);
        EXPECT_EQ(document.error().code, code) << document.error().message;
        return document.error().message;
    }
    /// Same, of one raw answer.
    std::string failure_of(std::string answer, net::HttpRequest request = {}) {
        WireServer server({{hang_up(std::move(answer))}});
        request.url = server.url();
        return failure(std::move(request));
    }
    Pair509 named(std::string names) {
        return issue({.alternative_names = std::move(names), .usage = "serverAuth"}, &authority);
    }
    [[nodiscard]] std::size_t idle() { return net::HttpConnectionPool::of(context.get_executor()).size(); }
    /// What a metric says, such as `connections_total{client="test",connection="new"}`.
    [[nodiscard]] std::string metric(std::string const& series) const {
        auto const text = metrics.text();
        auto const at = text.find("ocilot_http_client_" + series + " ");
        if (at == std::string::npos) return "none";
        auto const value = text.find(' ', at) + 1;
        return text.substr(value, text.find('\n', value) - value);
    }

    TemporaryDirectory directory;
    Pair509 authority = make_authority("authority");
    Metrics metrics;
    asio::io_context context{1};
    std::optional<net::PooledHttpClient> client;
};

}  // namespace ocilot::test
