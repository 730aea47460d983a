#pragma once

#include "base/result.h"
#include "net/http_response_head.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ocilot::net {

/// Beast's parser for one response to one request, as bytes arrive: interim responses (1xx) are skipped, then
/// a whole head, then the body however it is framed. It refuses what two readers could understand in two
/// ways, and never takes a truncated body for a complete one. No I/O in here. Errors: unavailable with the
/// reason.
class HttpResponseParser {
  public:
    struct Limits {
        std::size_t head = 64 * 1024;                                    ///< bytes, of each head
        std::uint64_t body = std::numeric_limits<std::uint64_t>::max();  ///< bytes
    };
    /// What may follow the head: nothing after HEAD and CONNECT.
    enum class Body : std::uint8_t { any, none };

    HttpResponseParser(Body body, Limits limits);
    ~HttpResponseParser();
    HttpResponseParser(HttpResponseParser const&) = delete;
    HttpResponseParser& operator=(HttpResponseParser const&) = delete;

    /// Where the bytes that arrive next are put; never empty.
    [[nodiscard]] std::span<std::byte> room();
    /// `count` bytes were put there; 0: the stream has ended.
    Result<> received(std::size_t count);

    [[nodiscard]] bool got_some() const noexcept { return got_some_; }
    [[nodiscard]] bool head_done() const noexcept { return framing_ != Framing::unknown; }
    /// After head_done().
    [[nodiscard]] HttpResponseHead& head() noexcept { return head_; }

    /// Decodes bytes of the body that have arrived into `out`; 0 if there are none yet, or no more.
    Result<std::size_t> body(std::span<std::byte> out);
    /// Bytes of the body that may be read from the stream past this parser, because none wait in it and
    /// nothing has to be decoded; say so with `passed`.
    [[nodiscard]] std::uint64_t direct() const noexcept;
    /// `count` bytes were read past the parser; 0: the stream has ended.
    Result<> passed(std::size_t count);

    /// Whether all of the response has been read.
    [[nodiscard]] bool done() const noexcept { return done_; }
    /// Whether bytes wait that have not been read.
    [[nodiscard]] bool has_more() const noexcept { return begin_ != end_; }
    /// Whether the connection can serve another request.
    [[nodiscard]] bool reusable() const noexcept;

  private:
    class Impl;
    enum class Framing : std::uint8_t { unknown, none, length, chunked, to_the_end };

    [[nodiscard]] std::string_view waiting() const noexcept;
    void use_up(std::size_t count) noexcept;
    Result<> look_for_head();
    Result<> take_head(std::string_view text);
    Result<> set_framing();
    Result<std::size_t> decode(std::span<std::byte> out);
    Result<> count(std::uint64_t bytes);
    /// What the end of the stream means here.
    Result<> finish();

    Body const expected_;
    Limits const limits_;
    std::unique_ptr<Impl> impl_;
    HttpResponseHead head_;
    Framing framing_ = Framing::unknown;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  // What waits in the buffer.
    std::size_t end_ = 0;
    std::size_t scanned_ = 0;  // Bytes of it that hold no end of a head.
    std::uint64_t left_ = 0;   // Bytes of a body of known length.
    std::uint64_t body_ = 0;   // Bytes so far.
    unsigned interims_ = 0;
    bool got_some_ = false;
    bool ended_ = false;  // The stream.
    bool keep_alive_ = false;
    bool done_ = false;
};

}  // namespace ocilot::net
