#pragma once

#include "http/core/message.h"
#include "net/conn.h"
#include "server/limits.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::server {

/// What the connection adds to an answer.
struct Framing {
    std::string_view date;        ///< value of `Date`
    std::string_view request_id;  ///< value of `X-Request-Id`
    bool head_only = false;       ///< the request was HEAD
    bool close = false;           ///< the connection ends after this answer
    bool chunked = true;  ///< the client knows chunks (HTTP/1.1); else a live body ends with the connection
};

/// What went out.
struct SendResult {
    Result<> outcome;               ///< after an error the stream is of no use
    std::uint64_t body_bytes = 0;   ///< of the body alone
    std::uint64_t bytes = 0;        ///< head and body
    std::uint64_t blob_offset = 0;  ///< of the piece of a blob that went out last, or failed
};

/// Head and text body of an answer, for those who write it themselves. Framing headers (Content-Length,
/// Connection, Transfer-Encoding, Date, X-Request-Id) are made here; those of the response are left out. Line
/// breaks inside values become spaces.
[[nodiscard]] std::string whole_response(http::Response const& response, Framing const& framing);

/// Bytes of memory that an answer holds until its client has taken it, beside what every connection has; 0
/// for one that comes from a file.
[[nodiscard]] std::size_t memory_of(http::Response const& response, bool tls) noexcept;

/// Writes a whole answer: small bodies in one write with the head (if they are at hand), blobs and parts of
/// them by sendfile. It fails when the client takes nothing for the idle time, however slowly it takes the
/// rest. The memory of `spare` is used and given back.
Task<SendResult> write_response(net::Conn& conn, http::Response& response, Framing framing,
                                Limits const& limits, std::string& spare);

}  // namespace ocilot::server
