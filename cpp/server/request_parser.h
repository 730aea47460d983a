#pragma once

#include "base/result.h"
#include "http/core/message.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::server {

/// A request head, understood. Borrows from the bytes it was parsed from, and from the parser. A target in
/// absolute form has been taken apart: its host is the value of Host.
struct RequestHead {
    http::Method method = http::Method::other;
    std::string_view method_text;
    std::string_view target;  ///< path and query; of an absolute-form target, without scheme and authority
    bool http_1_0 = false;
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    std::optional<std::uint64_t> content_length;  ///< bytes
    bool chunked = false;
    bool keep_alive = false;        ///< the client may send another request on this connection
    bool expects_continue = false;  ///< the client waits for `100 Continue` before it sends the body

    [[nodiscard]] bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }
    /// First value of a header, or nothing.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// Beast's parser for one request: a whole head first, then the pieces of a chunked body.
class RequestParser {
  public:
    RequestParser();
    ~RequestParser();
    RequestParser(RequestParser const&) = delete;
    RequestParser& operator=(RequestParser const&) = delete;

    /// `head` ends in its empty line and outlives the answer. bad_request, not_implemented.
    Result<RequestHead> parse(std::string_view head);

    /// Bytes of input used up and of output made.
    struct Decoded {
        std::size_t used = 0;
        std::size_t made = 0;
    };
    /// Decodes the chunked body that follows the head. What is not used must be presented again, with more
    /// behind it. `out` may be the same memory as `in`. bad_request if it is not the chunked coding.
    Result<Decoded> decode(std::span<std::byte const> in, std::span<std::byte> out);
    /// Whether the last chunk and the trailer have been used up.
    [[nodiscard]] bool body_done() const noexcept;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ocilot::server
