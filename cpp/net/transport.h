#pragma once

#include "base/result.h"
#include "net/deadline.h"
#include "net/socket.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ocilot::net {

/// What every Conn over TCP has in common: the socket, its deadline, its fair share of the I/O thread, and
/// the names of its errors. The Conn itself tries a system call first and waits here only on EAGAIN.
class Transport {
  public:
    explicit Transport(Socket socket);
    ~Transport() = default;
    Transport(Transport const&) = delete;
    Transport& operator=(Transport const&) = delete;

    [[nodiscard]] Socket& socket() noexcept { return socket_; }
    /// The descriptor, or -1 once closed.
    [[nodiscard]] int fd() noexcept { return socket_.native_handle(); }
    [[nodiscard]] bool peer_closed() noexcept;
    [[nodiscard]] Executor executor() { return socket_.get_executor(); }
    [[nodiscard]] std::string const& peer() const noexcept { return peer_; }

    /// See Conn.
    void expires_after(StreamTimeouts timeouts) { deadline_.expires_after(timeouts); }
    void expires_after(std::chrono::milliseconds limit) { deadline_.expires_after(limit); }
    void close() noexcept;

    /// Before each system call: cancelled if the stream is closed, request_timeout if it ran into its
    /// deadline.
    [[nodiscard]] Result<> usable();
    /// Returns when the socket can be read or written, at the deadline, or when closed.
    Task<Result<>> wait(Socket::wait_type what);
    /// Counts bytes moved without waiting. True: enough for now, post once so that other streams get their
    /// turn.
    [[nodiscard]] bool spend(std::size_t bytes) noexcept;

    /// Counts bytes that went into the socket, or came out of it: what progress is told by.
    void count_sent(std::size_t bytes) noexcept { sent_ += bytes; }
    void count_received(std::size_t bytes) noexcept { received_ += bytes; }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

    /// The Error of an operation that failed with `errno_value`.
    [[nodiscard]] Error failure(int errno_value, std::string_view doing);

    /// Gives the socket away.
    [[nodiscard]] Socket release() { return std::move(socket_); }

  private:
    /// Bytes received, and bytes sent that the other side has acknowledged.
    [[nodiscard]] std::uint64_t moved() noexcept;

    Socket socket_;
    std::string peer_;
    std::uint64_t sent_ = 0;      // Bytes that the kernel took.
    std::uint64_t received_ = 0;  // Bytes.
    std::size_t spent_ = 0;       // Bytes since the last turn of the loop.
    Deadline deadline_;
};

}  // namespace ocilot::net
