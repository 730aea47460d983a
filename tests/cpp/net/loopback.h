#pragma once

#include "net/address.h"
#include "net/listener.h"

#include <array>
#include <boost/asio/this_coro.hpp>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace ocilot::test {

/// A descriptor of the other side: plain, blocking, closed at the end.
class Fd {
  public:
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd(Fd const&) = delete;
    Fd& operator=(Fd const&) = delete;
    Fd& operator=(Fd&&) = delete;
    ~Fd() { close(); }

    [[nodiscard]] int get() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    /// Closes so that the other side gets a reset.
    void reset() {
        linger const at_once{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }
    void send(std::string_view text) const {
        EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    /// Everything up to the end of the stream.
    [[nodiscard]] std::string receive_all() const {
        std::string all;
        std::array<char, 65536> part;
        for (ssize_t n = 0; (n = ::recv(fd_, part.data(), part.size(), 0)) > 0;) {
            all.append(part.data(), static_cast<std::size_t>(n));
        }
        return all;
    }

  private:
    int fd_;
};

/// A blocking connection to a port of 127.0.0.1.
inline Fd connect_to(std::uint16_t port) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
}

/// A listening socket of 127.0.0.1 whose connections nobody accepts.
inline Fd stuck_listener(int backlog = 8) {
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), backlog), 0);
    return fd;
}

inline std::uint16_t port_of(Fd const& fd) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    return ntohs(address.sin_port);
}

/// A blocking connection to a path short enough for it.
inline Fd connect_to_path(std::string const& path) {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
    return fd;
}

/// An established connection, both ends.
struct Pair {
    net::Socket server;
    Fd client;
};

inline Task<Pair> connected_pair() {
    auto executor = co_await asio::this_coro::executor;
    auto acceptor = net::listen(executor.context(), "127.0.0.1:0").value();
    auto client = connect_to(net::port_of(acceptor.local_endpoint()));
    auto accepted = co_await net::accept(acceptor);
    co_return Pair{std::move(accepted).value(), std::move(client)};
}

inline std::span<std::byte const> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

inline std::string fingerprint(std::string_view bytes) {
    std::array<unsigned char, 32> digest{};
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    return {digest.begin(), digest.end()};
}

/// Bytes that do not repeat within a buffer or a block.
inline std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (auto& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<char>(state >> 24);
    }
    return bytes;
}

/// A directory of its own, removed at the end.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        auto name = (std::filesystem::temp_directory_path() / "ocilot-net-XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    TemporaryDirectory(TemporaryDirectory const&) = delete;
    TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

/// An open, already removed file with these bytes.
inline Fd file_of(std::string_view bytes) {
    auto name = (std::filesystem::temp_directory_path() / "ocilot-net-XXXXXX").string();
    Fd fd(::mkstemp(name.data()));
    ::unlink(name.c_str());
    EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    return fd;
}

}  // namespace ocilot::test
