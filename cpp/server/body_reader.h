#pragma once

#include "base/clock.h"
#include "net/conn.h"
#include "registry/push_blob.h"
#include "server/input_buffer.h"
#include "server/limits.h"
#include "server/minimum_body_rate.h"
#include "server/request_parser.h"

#include <cstdint>

namespace ocilot::server {

/// The body of one request. A body of known length goes from the socket straight into the reader's memory; a
/// chunked one is decoded there in place.
/// read() fails with peer_closed if the client goes away before the end, request_timeout if it sends too
/// slowly or pauses too long, bad_request if the chunks are broken, cancelled if the connection was dropped
/// here.
class BodyReader final : public registry::ByteSource {
  public:
    BodyReader(net::Conn& conn, InputBuffer& input, RequestParser& parser, RequestHead const& head,
               Limits const& limits, Clock const& clock) noexcept;

    Task<Result<std::size_t>> read(std::span<std::byte> out) override;

    /// Reads and drops the rest if that is at most the allowed number of bytes, and answers whether the body
    /// has been read to its end: only then can another request follow.
    Task<bool> drop_rest();
    /// Whether it has been read to its end already.
    [[nodiscard]] bool complete() const noexcept;

    /// Bytes of body given out.
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

  private:
    Task<Result<std::size_t>> read_sized(std::span<std::byte> out);
    Task<Result<std::size_t>> read_chunked(std::span<std::byte> out);
    Task<Result<std::size_t>> read_in_time(std::span<std::byte> out);
    Task<Result<std::size_t>> receive(std::span<std::byte> out);
    Task<Result<>> invite();

    net::Conn& conn_;
    InputBuffer& input_;
    RequestParser& parser_;
    Limits const& limits_;
    Clock const& clock_;
    MinimumBodyRate minimum_rate_;
    bool chunked_;
    bool invited_;       // Nobody waits for `100 Continue`, or it was sent.
    bool own_deadline_;  // Each receive starts the clock anew.
    bool failed_ = false;
    std::uint64_t left_;  // Of a body of known length.
    std::uint64_t received_ = 0;
};

}  // namespace ocilot::server
