#pragma once

#include "base/result.h"
#include "base/task.h"
#include "net/stream_timeouts.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::net {

/// Bytes to be written; borrowed until the write ends.
using ConstBytes = std::span<std::byte const>;

/// One established stream: TCP, or TLS over TCP. Type-erased, so that what reads and writes protocols
/// compiles once. Used by one Task at a time, on the thread of its executor. Errors: peer_closed when the
/// other side reset or went away, request_timeout at a deadline, cancelled after close(), io.
class Conn {
  public:
    virtual ~Conn() = default;

    /// Reads at least one byte, or 0 at the orderly end of the stream.
    virtual Task<Result<std::size_t>> read_some(std::span<std::byte> out) = 0;

    /// Writes everything. `more` promises that another write follows at once (MSG_MORE).
    virtual Task<Result<>> write(ConstBytes bytes, bool more = false) = 0;

    /// Writes bytes [offset, offset + length) of an open file: by sendfile(2) where the stream allows it,
    /// through a bounded buffer where not (TLS). io if the file ends early.
    virtual Task<Result<>> send_file(int fd, std::uint64_t offset, std::uint64_t length) = 0;

    /// Deadline for the operations that follow, counted from now; zero = none. An operation that runs into it
    /// fails with request_timeout; so do those that follow until a new deadline is set. The stream stays
    /// open, so that a slow sender can be told.
    void expires_after(std::chrono::milliseconds limit) { expires_after(StreamTimeouts{.total = limit}); }
    /// The same for operations that may take long while bytes move.
    virtual void expires_after(StreamTimeouts timeouts) = 0;

    /// Bytes that came from the network so far; over TLS those of a record that is not complete too.
    [[nodiscard]] virtual std::uint64_t received() const noexcept = 0;

    /// Whether a read would return at once: bytes have arrived, or the other side closed the stream. Asks the
    /// kernel and does not wait.
    [[nodiscard]] virtual bool readable() = 0;

    /// Whether the other side has said that it sends nothing more, or is gone. Asks the kernel and does not
    /// wait.
    [[nodiscard]] virtual bool peer_closed() = 0;

    /// Says that nothing more will be written (FIN, TLS close_notify); reading goes on.
    virtual Task<> finish_writing() = 0;

    /// Drops the stream at once; pending operations fail with cancelled.
    virtual void close() noexcept = 0;

    [[nodiscard]] virtual Executor executor() = 0;
    /// Numeric address and port of the other side, `203.0.113.9:40112` or `[2001:db8::1]:40112`.
    [[nodiscard]] virtual std::string const& peer() const noexcept = 0;
    /// Over TLS, the name in the verified certificate of the other side, see certificate_name(), which is
    /// empty without one; nullopt for a stream without TLS.
    [[nodiscard]] virtual std::optional<std::string_view> tls_name() const noexcept { return std::nullopt; }
    [[nodiscard]] bool is_tls() const noexcept { return tls_name().has_value(); }
    [[nodiscard]] std::string_view certificate() const noexcept { return tls_name().value_or(""); }
};

}  // namespace ocilot::net
