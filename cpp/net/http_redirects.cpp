#include "net/http_redirects.h"

#include "base/counted.h"
#include "net/http_request_head.h"

#include <fmt/format.h>

namespace ocilot::net {

namespace {

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

bool HttpRedirects::follows(HttpResponse const& response) const {
    bool const fetches = request_.method == "GET" || request_.method == "HEAD";
    return request_.redirects.max > 0 && fetches && !request_.source && is_redirect(response.status) &&
           find_header(response.headers, "Location").has_value();
}

Result<> HttpRedirects::follow(HttpResponse const& response) {
    auto const& policy = request_.redirects;
    if (++followed_ > policy.max) {
        return Error{Errc::unavailable,
                     fmt::format("more than {}", counted(policy.max, "redirect", "redirects"))};
    }
    auto next = resolve_url(url_, find_header(response.headers, "Location").value_or(""));
    if (next.has_error()) return Error{Errc::unavailable, "redirect to an invalid URL"};
    if (url_.tls && !next->tls && !policy.downgrade) {
        return Error{Errc::denied,
                     fmt::format("redirect from https to {}, but plain http is not allowed", next->origin())};
    }
    if (!url_.same_origin(*next)) {
        if (!policy.other_origins) {
            return Error{Errc::denied,
                         fmt::format("redirect to {}, but other hosts are not allowed", next->origin())};
        }
        keep_for_another_origin(request_.headers);
        request_.body.clear();
    }
    url_ = std::move(*next);
    return {};
}

}  // namespace ocilot::net
