#pragma once

#include "base/result.h"
#include "net/http_request.h"
#include "net/proxy.h"
#include "net/url.h"

#include <string>
#include <string_view>

namespace ocilot::net {

/// bad_request if method or headers would break the framing of a request, or are those this client sets.
[[nodiscard]] Result<> check_request(HttpRequest const& request);

/// Whether sending it twice is the same as sending it once (RFC 9110, 9.2.2).
[[nodiscard]] bool is_idempotent(std::string_view method) noexcept;

/// The bytes before the body, for the server itself or, in absolute form, for `proxy`, which may be null.
[[nodiscard]] std::string head_of(HttpRequest const& request, Url const& url, Proxy const* proxy);

/// The request for a tunnel through a proxy.
[[nodiscard]] std::string connect_head(Url const& url, Proxy const& proxy);

/// Leaves what says which representation is wanted; anything else may be a credential of the first origin.
void keep_for_another_origin(HttpHeaders& headers);

}  // namespace ocilot::net
