#include "net/direct_http_client.h"

#include "net/dial.h"
#include "net/http_exchange.h"
#include "net/tcp_conn.h"
#include "net/tls_conn.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

namespace ocilot::net {

namespace {

using Ticks = std::chrono::steady_clock;

constexpr unsigned most_redirects = 5;

/// Zero or less: too late.
std::chrono::milliseconds left(Ticks::time_point late) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(late - Ticks::now());
}

Error no_answer(Url const& url, std::string_view why) {
    return {Errc::unavailable, fmt::format("cannot fetch {}: {}", url.shown(), why)};
}

bool is_redirect(HttpAsk const& ask, HttpAnswer const& answer) {
    bool const moved = answer.status == 301 || answer.status == 302 || answer.status == 303 ||
                       answer.status == 307 || answer.status == 308;
    return moved && (ask.method == "GET" || ask.method == "HEAD") && answer.header("Location").has_value();
}

void drop_credentials(HttpHeaders& headers) {
    std::erase_if(headers, [](auto const& header) {
        return boost::beast::iequals(header.first, "Authorization") ||
               boost::beast::iequals(header.first, "Proxy-Authorization") ||
               boost::beast::iequals(header.first, "Cookie");
    });
}

}  // namespace

Task<Result<HttpAnswer>> DirectHttpClient::fetch(HttpAsk ask) {
    CO_CHECK(check_ask(ask));
    CO_TRY(auto url, parse_url(ask.url));
    auto const late = Ticks::now() + ask.deadline;
    auto const most = std::min(ask.redirects, most_redirects);
    for (unsigned followed = 0;; ++followed) {
        auto answer = co_await ask_once(url, ask, late);
        if (answer.has_error()) co_return no_answer(url, answer.error().message);
        if (ask.redirects == 0 || !is_redirect(ask, *answer)) {
            answer->url = fmt::format("{}://{}{}", url.tls ? "https" : "http", url.authority(), url.target);
            co_return answer;
        }
        if (followed == most) co_return no_answer(url, fmt::format("it goes on after {} redirects", most));
        auto next = resolve_url(url, *answer->header("Location"));
        if (next.has_error()) co_return no_answer(url, "it leads to what is no URL");
        if (url.tls && !next->tls) co_return no_answer(url, "it leads from https to http");
        if (!url.same_origin(*next)) drop_credentials(ask.headers);
        url = std::move(*next);
    }
}

Task<Result<HttpAnswer>> DirectHttpClient::ask_once(Url const& url, HttpAsk const& ask,
                                                    Ticks::time_point late) {
    Error const too_late{Errc::unavailable, "there was no answer in time"};
    if (left(late).count() <= 0) co_return too_late;
    CO_TRY(auto socket, co_await dial(url.host, url.port, left(late)));
    std::unique_ptr<Conn> conn;
    auto const rest = left(late);
    if (rest.count() <= 0) co_return too_late;
    if (url.tls) {
        CO_TRY(conn, co_await connect_tls(std::move(socket), trust_, url.host, rest));
    } else {
        conn = make_tcp_conn(std::move(socket));
        conn->expires_after(rest);
    }
    auto answer = co_await exchange(*conn, url, ask);
    if (answer.has_error() && answer.error().code == Errc::request_timeout) co_return too_late;
    co_return answer;
}

}  // namespace ocilot::net
