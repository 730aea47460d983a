#include "net/pooled_http_client.h"

#include "net/http_connect.h"
#include "net/http_exchange.h"
#include "net/http_failure.h"
#include "net/http_redirects.h"
#include "net/http_request_head.h"
#include "net/http_response_body.h"
#include "net/time_budget.h"
#include "net/url.h"

#include <array>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <iterator>
#include <utility>

namespace ocilot::net {

namespace {

// Of the body of a redirect: bytes, and how long they may take.
constexpr std::uint64_t worth_reading = 64 * 1024;
constexpr std::chrono::milliseconds worth_waiting{1000};

Counter& requests(Metrics& metrics, std::string const& client, char const* outcome) {
    return metrics.counter("ocilot_http_client_requests_total", "HTTP requests sent to other servers.",
                           {{"client", client}, {"outcome", outcome}});
}

Counter& connections(Metrics& metrics, std::string const& client, char const* kind) {
    return metrics.counter("ocilot_http_client_connections_total",
                           "Connections used for HTTP requests to other servers.",
                           {{"client", client}, {"connection", kind}});
}

}  // namespace

/// What all requests of a client have in common, and what they leave behind refers to.
struct PooledHttpClient::Shared {
    Shared(Settings with, Metrics& metrics)
        : settings(std::move(with)),
          answered(requests(metrics, settings.name, "response")),
          timed_out(requests(metrics, settings.name, "timeout")),
          denied(requests(metrics, settings.name, "denied")),
          failed(requests(metrics, settings.name, "error")),
          fresh(connections(metrics, settings.name, "new")),
          reused(connections(metrics, settings.name, "reused")) {}

    Settings const settings;
    Counter& answered;
    Counter& timed_out;
    Counter& denied;
    Counter& failed;
    Counter& fresh;
    Counter& reused;
};

/// One request, with its redirects.
class PooledHttpClient::Sending {
  public:
    Sending(std::shared_ptr<Shared const> shared, HttpRequest& request, Url url)
        : shared_(std::move(shared)),
          request_(request),
          redirects_(request, std::move(url)),
          budget_(request.timeouts.total) {}

    Task<Result<HttpResponse>> run();

  private:
    /// Sends it to one URL.
    Task<Result<HttpResponse>> send();
    /// Same on one connection; `kept` before. An error that leads to another attempt is neither counted nor
    /// told.
    Task<Result<HttpResponse>> attempt(std::unique_ptr<Conn> conn, bool kept);
    /// cancelled if the Task is; whatever else ends a body of a redirect is of no interest.
    Task<Result<>> drain(HttpResponse& response);
    /// What connections have to have in common to serve it.
    [[nodiscard]] std::string route() const;
    /// As it is called in errors.
    [[nodiscard]] std::string name() const;
    Error fail(Error const& why);

    std::shared_ptr<Shared const> shared_;
    HttpRequest& request_;
    HttpRedirects redirects_;
    TimeBudget budget_;
    Proxy const* proxy_ = nullptr;
    bool repeatable_ = false;  // After the last attempt.
};

Task<Result<HttpResponse>> PooledHttpClient::Sending::run() {
    for (;;) {
        CO_TRY(auto response, co_await send());
        if (!redirects_.follows(response)) {
            response.url = redirects_.url().text();
            shared_->answered.add();
            co_return std::move(response);
        }
        auto const drained = co_await drain(response);
        if (drained.has_error()) co_return fail(drained.error());
        auto const gone_on = redirects_.follow(response);
        if (gone_on.has_error()) co_return fail(gone_on.error());
    }
}

/// Reads what is short, so that the connection can be used again.
Task<Result<>> PooledHttpClient::Sending::drain(HttpResponse& response) {
    if (response.body->length().value_or(worth_reading + 1) > worth_reading) co_return Result<>();
    std::array<std::byte, 4096> part;
    for (;;) {
        auto const count = co_await response.body->read(part);
        if (count.has_error() && count.error().code == Errc::cancelled) co_return count.error();
        if (count.has_error() || *count == 0) co_return Result<>();
    }
}

Task<Result<HttpResponse>> PooledHttpClient::Sending::send() {
    auto const& settings = shared_->settings;
    proxy_ = settings.proxies.find(redirects_.url());
    if (budget_.spent()) co_return fail({Errc::request_timeout, "timeout before it was sent"});
    auto& idle = HttpConnectionPool::of(co_await asio::this_coro::executor);
    if (auto kept = idle.take({shared_, route()})) {
        shared_->reused.add();
        auto response = co_await attempt(std::move(kept), true);
        if (response.has_value() || !repeatable_) co_return response;
    }
    HttpRoute route{redirects_.url(), proxy_, &settings.addresses, settings.trust};
    auto conn = co_await connect(std::move(route), budget_.within(request_.timeouts.connect));
    if (conn.has_error()) co_return fail(conn.error());
    shared_->fresh.add();
    co_return co_await attempt(std::move(*conn), false);
}

Task<Result<HttpResponse>> PooledHttpClient::Sending::attempt(std::unique_ptr<Conn> conn, bool kept) {
    // Inside a tunnel a proxy is not spoken to.
    auto head = head_of(request_, redirects_.url(), redirects_.url().tls ? nullptr : proxy_);
    HttpExchange exchange(std::move(conn), request_, budget_);
    auto const ran = co_await exchange.run(std::move(head));
    if (ran.has_error()) {
        repeatable_ = kept && is_idempotent(request_.method) && exchange.can_repeat(ran.error());
        if (repeatable_) co_return ran.error();
        if (!exchange.source_failed()) co_return fail(ran.error());
        shared_->failed.add();
        co_return ran.error();
    }
    HttpResponse response{exchange.head().status, std::move(exchange.head().headers), {}, nullptr};
    HttpResponseBody::Completion after{{shared_, route()}, shared_->settings.idle, exchange.sent()};
    auto const budget = redirects_.follows(response) ? budget_.within(worth_waiting) : budget_;
    response.body = std::make_unique<HttpResponseBody>(exchange.take_conn(), exchange.take_parser(), budget,
                                                       request_.timeouts.stall, name(), std::move(after));
    co_return std::move(response);
}

std::string PooledHttpClient::Sending::route() const {
    auto route = redirects_.url().origin();
    if (proxy_ != nullptr) fmt::format_to(std::back_inserter(route), " {}:{}", proxy_->host, proxy_->port);
    return route;
}

std::string PooledHttpClient::Sending::name() const {
    return fmt::format("{} {}", request_.method, redirects_.url().origin());
}

Error PooledHttpClient::Sending::fail(Error const& why) {
    auto& outcome = why.code == Errc::request_timeout ? shared_->timed_out
                    : why.code == Errc::denied        ? shared_->denied
                                                      : shared_->failed;
    outcome.add();
    return request_failed(name(), why);
}

PooledHttpClient::PooledHttpClient(Settings settings, Metrics& metrics)
    : shared_(std::make_shared<Shared>(std::move(settings), metrics)) {}

Task<Result<HttpResponse>> PooledHttpClient::send(HttpRequest request) {
    auto const shared = shared_;  // Outlives this client, if it has to.
    CO_CHECK(check_request(request));
    CO_TRY(auto url, parse_url(request.url));
    Sending sending(shared, request, std::move(url));
    co_return co_await sending.run();
}

}  // namespace ocilot::net
