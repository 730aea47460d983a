#pragma once

#include "auth/rate_limits.h"
#include "http/core/route.h"

namespace ocilot::http {

/// What a request counts as.
[[nodiscard]] auth::RequestClass class_of(Verb const& verb, Method method) noexcept;

/// The refusal of one request too many.
[[nodiscard]] Error over_rate(auth::RateVerdict const& verdict);

/// Tells a client how it stands: `RateLimit-Limit` (`100;w=60`: requests in a window of so many seconds),
/// `RateLimit-Remaining` and `RateLimit-Reset` (seconds until all may be sent at once again), as Docker Hub
/// and draft-ietf-httpapi-ratelimit-headers have it; and for a request that was refused `Retry-After`.
/// Nothing if no rule holds.
void add_rate_headers(Response& response, auth::RateVerdict const& verdict);

}  // namespace ocilot::http
