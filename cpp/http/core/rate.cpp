#include "http/core/rate.h"

#include "base/counted.h"

#include <fmt/format.h>

namespace ocilot::http {

auth::RequestClass class_of(Verb const& verb, Method method) noexcept {
    using auth::RequestClass;
    // A HEAD of a manifest is a read; a login is one by any method.
    if (verb.rate && (method == verb.method || *verb.rate == RequestClass::logins)) return *verb.rate;
    return method == Method::get || method == Method::head ? RequestClass::reads : RequestClass::writes;
}

Error over_rate(auth::RateVerdict const& verdict) {
    return {.code = Errc::too_many_requests,
            .message = fmt::format("rate limit of {} in {} s exceeded; retry in {} s",
                                   counted(verdict.limit, "request", "requests"), verdict.window.count(),
                                   verdict.wait_for.count()),
            .retry_after = static_cast<unsigned>(verdict.wait_for.count())};
}

void add_rate_headers(Response& response, auth::RateVerdict const& verdict) {
    if (verdict.window.count() == 0) return;
    response.set("RateLimit-Limit", fmt::format("{};w={}", verdict.limit, verdict.window.count()));
    response.set("RateLimit-Remaining", fmt::format("{};w={}", verdict.remaining, verdict.window.count()));
    response.set("RateLimit-Reset", fmt::format("{}", verdict.reset.count()));
    if (!verdict.allowed) response.replace("Retry-After", fmt::format("{}", verdict.wait_for.count()));
}

}  // namespace ocilot::http
