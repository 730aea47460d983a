#pragma once

#include "base/result.h"
#include "base/task.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// What is asked of somebody else's server.
struct HttpAsk {
    std::string method = "GET";
    std::string url;           ///< absolute, http or https
    HttpHeaders headers = {};  ///< beside `Host` and those of the framing
    std::string body = {};
    std::size_t limit = 1024 * 1024;             ///< most bytes of the answer's body
    std::chrono::milliseconds deadline{10'000};  ///< for all of it: name, connection, redirects, last byte
    unsigned redirects = 0;                      ///< most that are followed, at most 5
};

/// What was answered, whatever its status.
struct HttpAnswer {
    unsigned status = 0;
    HttpHeaders headers = {};
    std::string body = {};
    std::string url = {};  ///< where it came from in the end

    /// First value of a header, case-insensitive; nullopt if absent.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
};

/// Going out over HTTP. Thread-safe. Bodies are whole texts; one that is larger than memory will be a second
/// method that answers the head with a source of bytes, and this one reads it to its end.
class HttpClient {
  public:
    virtual ~HttpClient() = default;

    /// One exchange on a connection of its own; a redirect is followed for GET and HEAD only, never from
    /// https to http, and to another origin without the credentials of `headers`. bad_request if the ask is
    /// malformed; unavailable, naming the URL without its query, if there is no answer: no such host, nobody
    /// listens, not trusted, too late, too large, not HTTP.
    virtual Task<Result<HttpAnswer>> fetch(HttpAsk ask) = 0;
};

}  // namespace ocilot::net
