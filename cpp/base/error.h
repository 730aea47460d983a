#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot {

/// Everything that can go wrong, once. `http/core/errors.cpp` holds the one table that turns a value into a
/// status and an OCI code (distribution-spec, "Error codes"); nothing else knows a status.
enum class Errc : std::uint8_t {
    // What the client sent.
    bad_request,         ///< not understandable as a request
    name_invalid,        ///< repository name out of the grammar
    tag_invalid,         ///< tag out of the grammar
    digest_invalid,      ///< malformed, unsupported, or not that of the bytes
    manifest_invalid,    ///< unparsable or inconsistent manifest
    manifest_too_large,  ///< manifest over the configured limit
    body_too_large,      ///< body of a request that is none of the protocol's over its limit
    size_invalid,        ///< a length that does not match
    range_invalid,       ///< a range that cannot be satisfied, an upload chunk out of order
    pagination_invalid,  ///< `n` is not a number in range
    upload_invalid,      ///< upload request with impossible parameters
    header_too_large,    ///< request head over the limit
    target_too_long,     ///< request line over the limit
    length_required,     ///< a body without any length
    request_timeout,     ///< the client sent too slowly
    not_implemented,     ///< transfer coding or method this server does not know
    // What is not there.
    not_found,              ///< no such endpoint
    name_unknown,           ///< no such repository
    manifest_unknown,       ///< no such tag or manifest in the repository
    manifest_blob_unknown,  ///< manifest names content that is not in the repository
    blob_unknown,           ///< no such blob in the repository
    upload_unknown,         ///< no such upload session in the repository
    gone,                   ///< was kept, and is not kept any more
    // What is not allowed now.
    method_not_allowed,   ///< endpoint exists, method does not
    unsupported,          ///< operation switched off by configuration
    unauthorized,         ///< no or invalid credentials
    denied,               ///< known caller, missing right, or a policy said no
    quota_exceeded,       ///< the repository would hold more than it may, or the caller have pushed more
    too_many_requests,    ///< over a rate limit
    upload_busy,          ///< another request holds the upload session
    conflict,             ///< the fact to change has changed meanwhile
    precondition_failed,  ///< what is there is not what the request requires
    // What failed here.
    no_space,     ///< the store is full
    unavailable,  ///< a part is overloaded, draining or cannot be reached
    io,           ///< the store failed to read or write
    internal,     ///< a defect
    // What never reaches a client.
    peer_closed,  ///< the other side went away in mid-conversation
    cancelled,    ///< this side gave up
    config,       ///< the configuration or the environment does not let the registry start
};

/// One failure: what went wrong in one clear sentence that also says what to do.
struct Error {
    Errc code = Errc::internal;
    std::string message;
    /// The things the failure is about (for example every missing digest); each becomes one entry in the
    /// protocol's error list. May be empty.
    std::vector<std::string> subjects = {};
    unsigned retry_after = 0;  ///< seconds after which it is worth another try; 0: nobody knows
};

/// Stable lower-case name of a code ("blob_unknown"), for logs and metrics.
[[nodiscard]] std::string_view to_string(Errc code) noexcept;

/// Error for a failed system call: `errno_value` decides between no_space, unavailable (EMFILE, ENFILE) and
/// io.
[[nodiscard]] Error system_error(int errno_value, std::string_view what);

}  // namespace ocilot
