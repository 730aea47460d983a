#pragma once

#include "net/http_body.h"
#include "net/http_headers.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

namespace ocilot::net {

/// A request to another server.
struct HttpRequest {
    /// How long silence may last; zero = for ever.
    struct Timeouts {
        std::chrono::milliseconds connect{10'000};     ///< name, TCP, proxy and TLS together
        std::chrono::milliseconds first_byte{30'000};  ///< from the end of the request to the whole head
        std::chrono::milliseconds stall{30'000};       ///< without a byte of either body
        std::chrono::milliseconds total{0};            ///< for all of it, redirects and body too
    };
    /// Redirects of GET and HEAD that are followed; others are answered as they are.
    struct Redirects {
        unsigned max = 0;
        bool other_origins = true;  ///< follow to other hosts, without credentials
        bool downgrade = false;     ///< follow from https to http
    };

    std::string method = "GET";
    std::string url = {};      ///< absolute, http or https
    HttpHeaders headers = {};  ///< besides `Host` and those of the framing
    std::string body = {};
    std::unique_ptr<HttpBody> source = nullptr;  ///< instead of `body`: streamed, chunked if without length
    std::uint64_t max_body = std::numeric_limits<std::uint64_t>::max();  ///< bytes of the response's body
    std::size_t max_head = 64 * 1024;                                    ///< bytes of its head
    Timeouts timeouts = {};
    Redirects redirects = {};
};

}  // namespace ocilot::net
