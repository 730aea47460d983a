#pragma once

#include "base/suspend.h"
#include "net/http_client.h"
#include "net/http_failure.h"
#include "net/http_redirects.h"
#include "net/http_request_head.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <string>
#include <vector>

namespace ocilot::test {

/// What is found at a URL.
struct Page {
    unsigned status = 200;
    std::string body = {};
    net::HttpHeaders headers = {};
};

/// A body that is all there already.
class WholeBody final : public net::HttpBody {
  public:
    explicit WholeBody(std::string text) : text_(std::move(text)), size_(text_.size()) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        auto const count = std::min(out.size(), text_.size());
        std::memcpy(out.data(), text_.data(), count);
        text_.erase(0, count);
        co_return count;
    }
    [[nodiscard]] std::optional<std::uint64_t> length() const noexcept override { return size_; }

  private:
    std::string text_;
    std::size_t size_;
};

/// Answers by URL without a network: its pages one after the other, the last one again and again; 404 if it
/// has none.
class FakeHttpClient final : public net::HttpClient {
  public:
    std::map<std::string, std::deque<Page>> pages;
    /// Has a URL answered with a text, from now on.
    void put(std::string const& url, std::string text) {
        std::erase(unreachable, url);
        pages[url] = {Page{.body = std::move(text)}};
    }
    std::vector<std::string> unreachable;  ///< URLs of hosts that are
    std::vector<std::string> asked;        ///< URLs, in order
    std::vector<std::string> sent;         ///< bodies
    bool holds = false;                    ///< keeps whoever asks waiting, in `held`
    std::vector<Resume<int>> held;

    Task<Result<net::HttpResponse>> send(net::HttpRequest request) override {
        CO_CHECK(net::check_request(request));
        CO_TRY(auto url, net::parse_url(request.url));
        CO_TRY(auto body, co_await body_of(request));
        sent.push_back(std::move(body));
        net::HttpRedirects redirects(request, std::move(url));
        for (;;) {
            auto const where = redirects.url().text();
            auto const name = fmt::format("{} {}", request.method, redirects.url().origin());
            asked.push_back(where);
            if (holds)
                co_await suspend<int>([this](Resume<int> resume) { held.push_back(std::move(resume)); });
            if (std::ranges::find(unreachable, where) != unreachable.end()) {
                co_return net::request_failed(name, {Errc::unavailable, "connection refused"});
            }
            auto response = answer(request, where);
            if (response.has_error()) co_return net::request_failed(name, response.error());
            if (!redirects.follows(*response)) co_return response;
            auto const followed = redirects.follow(*response);
            if (followed.has_error()) co_return net::request_failed(name, followed.error());
        }
    }

  private:
    static Task<Result<std::string>> body_of(net::HttpRequest& request) {
        std::string text = request.body;
        std::array<std::byte, 64> part{};
        while (request.source) {
            CO_TRY(auto const count, co_await request.source->read(part));
            if (count == 0) break;
            text.append(reinterpret_cast<char const*>(part.data()), count);
        }
        co_return text;
    }
    Result<net::HttpResponse> answer(net::HttpRequest const& request, std::string const& where) {
        auto const found = pages.find(where);
        Page page{.status = 404};
        if (found != pages.end()) page = found->second.front();
        if (found != pages.end() && found->second.size() > 1) found->second.pop_front();
        if (request.method == "HEAD") page.body.clear();
        if (page.body.size() > request.max_body) {
            return Error{Errc::unavailable,
                         fmt::format("the response body exceeds {} bytes", request.max_body)};
        }
        auto body = std::make_unique<WholeBody>(std::move(page.body));
        return net::HttpResponse{page.status, std::move(page.headers), where, std::move(body)};
    }
};

}  // namespace ocilot::test
