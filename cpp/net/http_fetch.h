#pragma once

#include "net/http_client.h"

#include <cstddef>
#include <string>

namespace ocilot::net {

/// A response with its whole body.
struct HttpDocument {
    unsigned status = 0;
    HttpHeaders headers = {};
    std::string url = {};  ///< where it came from after redirects
    std::string body = {};
};

/// Sends a request and reads the response's body, at most `request.max_body` bytes, which should be set: it
/// is all in memory. Errors as HttpClient::send.
Task<Result<HttpDocument>> fetch(HttpClient& client, HttpRequest request);

/// The rest of a body. unavailable if it is larger than `limit` bytes.
Task<Result<std::string>> read_all(HttpBody& body, std::size_t limit);

}  // namespace ocilot::net
