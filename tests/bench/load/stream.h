#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <sys/socket.h>
#include <sys/uio.h>

struct ssl_ctx_st;
struct ssl_st;

namespace ocilot::load {

/// Where to connect: one address, and the TLS context for https. Certificates are not checked: benches sign
/// their own.
class Target {
  public:
    /// Throws std::runtime_error when `host` has no address.
    Target(std::string const& host, std::uint16_t port, bool tls);

    [[nodiscard]] sockaddr const* address() const noexcept {
        return reinterpret_cast<sockaddr const*>(&address_);
    }
    [[nodiscard]] socklen_t address_size() const noexcept { return address_size_; }
    /// Null for plain http.
    [[nodiscard]] ssl_ctx_st* tls() const noexcept { return tls_.get(); }
    [[nodiscard]] std::string const& host() const noexcept { return host_; }

  private:
    std::string host_;
    sockaddr_storage address_{};
    socklen_t address_size_ = 0;
    std::shared_ptr<ssl_ctx_st> tls_;
};

/// One non-blocking TCP connection, with TLS on it or not.
class Stream {
  public:
    enum class State : std::uint8_t { done, wait_read, wait_write, closed };
    struct Outcome {
        State state = State::done;
        std::size_t bytes = 0;  // > 0 exactly when done, for the three that move bytes.
    };

    Stream() = default;
    /// Begins to connect; check valid().
    explicit Stream(Target const& target);
    ~Stream() { close(); }
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&& other) noexcept;

    [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_; }
    void close() noexcept;

    /// Goes on with connecting and shaking hands, whenever the socket is ready for what the last call waited
    /// for.
    State connect();

    Outcome read(std::span<char> out);
    /// Takes up to `most` bytes off the socket without looking at them, which on plain TCP costs no copy.
    Outcome discard(std::size_t most);
    [[nodiscard]] bool can_discard() const noexcept { return tls_ == nullptr; }
    /// Bytes have left the socket that read() has not handed out: it will not become ready for them.
    [[nodiscard]] bool buffered() const noexcept;
    Outcome write(std::span<iovec const> pieces);

  private:
    Outcome tls_outcome(int result, std::size_t bytes);

    int fd_ = -1;
    ssl_st* tls_ = nullptr;
    bool connected_ = false;
};

}  // namespace ocilot::load
