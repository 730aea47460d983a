#pragma once

#include "net/http_body.h"
#include "net/http_headers.h"

#include <memory>
#include <string>

namespace ocilot::net {

/// A response, whatever its status; its body is still to be read.
struct HttpResponse {
    unsigned status = 0;
    HttpHeaders headers = {};
    std::string url = {};  ///< where it came from after redirects
    /// Never null. Read to its end, the connection can serve another request; dropped before, it is closed.
    std::unique_ptr<HttpBody> body = nullptr;
};

}  // namespace ocilot::net
