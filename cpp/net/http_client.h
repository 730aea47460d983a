#pragma once

#include "net/http_request.h"
#include "net/http_response.h"

namespace ocilot::net {

/// Sends HTTP requests to other servers. Thread-safe; a request, its bodies and its response stay on the I/O
/// context of the Task that sends it. A Task that is cancelled closes its connection.
class HttpClient {
  public:
    virtual ~HttpClient() = default;

    /// Answers as soon as the head of the response is there. Errors name the origin of the URL and the
    /// reason, never credentials, path or query: bad_request if the request is malformed; denied if a policy
    /// does not allow an address or a redirect; unavailable if there is no usable response: unknown host,
    /// connection refused, certificate not trusted, timeout, too large, not HTTP, cut off; cancelled; and
    /// those of `request.source`, as they are.
    virtual Task<Result<HttpResponse>> send(HttpRequest request) = 0;
};

}  // namespace ocilot::net
