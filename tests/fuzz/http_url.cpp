#include "net/http_request_head.h"
#include "net/url.h"
#include "promise.h"
#include "targets.h"

#include <algorithm>

namespace ocilot::fuzz {

namespace {

void check_url(net::Url const& url) {
    promise(!url.host.empty() && url.port != 0, "there is somebody to connect to");
    promise(url.host.find_first_of("/?#@\\[]<>\" ") == url.host.npos, "a host is a host");
    promise(url.target.starts_with('/'), "a target is a path");
    promise(std::ranges::all_of(url.target, [](char c) { return c > ' ' && c < 0x7f && c != '#'; }),
            "a target fits into a request line");
    promise(net::parse_url(url.text()).value() == url, "a URL means the same when it is written again");
    promise(url.text().starts_with(url.origin() + "/"), "a URL begins with its origin");
    promise(url.shown().find('?') == std::string::npos, "a query is not shown");
    auto const head = net::head_of({}, url, nullptr);
    promise(std::ranges::count(head, '\n') == 4, "a request has the lines it was given");
}

}  // namespace

/// A URL, and after a line break what it redirects to.
void http_url(std::string_view input) {
    auto const line = input.find('\n');
    auto const url = net::parse_url(input.substr(0, line));
    if (url.has_error()) {
        promise(url.error().code == Errc::bad_request, "a URL is good or a bad request");
        return;
    }
    check_url(*url);
    if (line == input.npos) return;
    auto const next = net::resolve_url(*url, input.substr(line + 1));
    if (next.has_value()) check_url(*next);
}

}  // namespace ocilot::fuzz
