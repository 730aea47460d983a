#pragma once

#include "authority.h"
#include "loopback.h"

#include <fmt/format.h>
#include <functional>
#include <mutex>
#include <openssl/ssl.h>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

namespace ocilot::test {

/// Answers each connection with the next of its texts, and closes; after the last one it says nothing at all.
class ScriptedServer {
  public:
    /// With a certificate it speaks TLS.
    explicit ScriptedServer(std::vector<std::string> answers, Pair509 const* certificate = nullptr)
        : answers_(std::move(answers)),
          context_(certificate == nullptr ? nullptr : SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
          listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (certificate != nullptr) {
            SSL_CTX_use_certificate(context_.get(), certificate->certificate.get());
            SSL_CTX_use_PrivateKey(context_.get(), certificate->key.get());
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        EXPECT_EQ(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
        EXPECT_EQ(::listen(listening_.get(), 16), 0);
        EXPECT_EQ(::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
        port_ = ntohs(address.sin_port);
        EXPECT_EQ(::pipe(ending_.data()), 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~ScriptedServer() {
        ::close(ending_[1]);
        thread_.join();
        ::close(ending_[0]);
    }
    ScriptedServer(ScriptedServer const&) = delete;
    ScriptedServer& operator=(ScriptedServer const&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(std::string_view target = "/") const {
        return fmt::format("{}://localhost:{}{}", context_ ? "https" : "http", port_, target);
    }
    /// Everything that was asked, each with its body.
    [[nodiscard]] std::vector<std::string> asked() {
        std::lock_guard const lock(mutex_);
        return asked_;
    }

  private:
    using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;

    /// False at the end.
    bool wait(int fd) {
        std::array<pollfd, 2> both{pollfd{fd, POLLIN, 0}, pollfd{ending_[0], POLLIN, 0}};
        ::poll(both.data(), both.size(), -1);
        return both[1].revents == 0;
    }
    void serve() {
        std::vector<Fd> silent;
        for (std::size_t turn = 0; wait(listening_.get()); ++turn) {
            Fd connection(::accept(listening_.get(), nullptr, nullptr));
            if (turn >= answers_.size()) {
                silent.push_back(std::move(connection));
                continue;
            }
            Ssl const tls(context_ ? SSL_new(context_.get()) : nullptr, &SSL_free);
            if (tls) SSL_set_fd(tls.get(), connection.get());
            if (tls && SSL_accept(tls.get()) != 1) continue;
            auto request = read(connection, tls);
            {
                std::lock_guard const lock(mutex_);
                asked_.push_back(std::move(request));
            }
            write(connection, tls, answers_[turn]);
        }
    }
    static std::string read(Fd const& connection, Ssl const& tls) {
        std::string all;
        std::array<char, 4096> part;
        for (;;) {
            auto const end = all.find("\r\n\r\n");
            if (end != std::string::npos) {
                auto const length = all.find("Content-Length: ");
                auto const body = length < end ? std::stoul(all.substr(length + 16)) : 0;
                if (all.size() >= end + 4 + body) return all;
            }
            auto const n = tls ? SSL_read(tls.get(), part.data(), static_cast<int>(part.size()))
                               : static_cast<int>(::recv(connection.get(), part.data(), part.size(), 0));
            if (n <= 0) return all;
            all.append(part.data(), static_cast<std::size_t>(n));
        }
    }
    /// As much as the other side takes.
    static void write(Fd const& connection, Ssl const& tls, std::string_view answer) {
        if (tls) {
            SSL_write(tls.get(), answer.data(), static_cast<int>(answer.size()));
            SSL_shutdown(tls.get());
            return;
        }
        while (!answer.empty()) {
            auto const n = ::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
            if (n <= 0) return;
            answer.remove_prefix(static_cast<std::size_t>(n));
        }
    }

    std::vector<std::string> answers_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    Fd listening_;
    std::uint16_t port_ = 0;
    std::array<int, 2> ending_{};
    std::mutex mutex_;
    std::vector<std::string> asked_;
    std::thread thread_;
};

}  // namespace ocilot::test
