#pragma once

#include "net/authority.h"
#include "net/loopback.h"

#include <condition_variable>
#include <fmt/format.h>
#include <list>
#include <mutex>
#include <openssl/ssl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

namespace ocilot::test {

/// One answer on a connection, byte for byte.
struct Reply {
    enum class Then { go_on, rest, close, reset, hold };  ///< rest: the request's body is still to come

    Reply(std::string bytes, Then next = Then::go_on, bool early = false)
        : text(std::move(bytes)), then(next), at_head(early) {}

    Reply(char const* bytes) : Reply(std::string(bytes)) {}

    std::string text;
    Then then;
    bool at_head;  ///< does not wait for the body of the request
};
inline Reply hold(std::string text = {}) {
    return Reply{std::move(text), Reply::Then::hold};
}  ///< then says nothing more
inline Reply hang_up(std::string text = {}) {
    return Reply{std::move(text), Reply::Then::close};
}
inline Reply reset(std::string text = {}) {
    return Reply{std::move(text), Reply::Then::reset};
}

/// A server on loopback: each connection is answered with the replies of its script, one a request, and
/// closed after them.
class WireServer {
  public:
    using Script = std::vector<Reply>;
    struct Tls {
        Pair509 const* certificate = nullptr;  ///< null: plain HTTP
        Pair509 const* clients_of = nullptr;   ///< asks for a certificate of this authority
        bool rude_end = false;                 ///< closes without close_notify
    };

    explicit WireServer(std::vector<Script> scripts) : WireServer(std::move(scripts), Tls{}) {}
    WireServer(std::vector<Script> scripts, Tls tls);
    ~WireServer();
    WireServer(WireServer const&) = delete;
    WireServer& operator=(WireServer const&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(std::string_view target = "/") const {
        return fmt::format("{}://localhost:{}{}", context_ ? "https" : "http", port_, target);
    }
    /// Everything that was sent, each request with its body, in order of arrival.
    [[nodiscard]] std::vector<std::string> requests() {
        std::lock_guard const lock(mutex_);
        return requests_;
    }
    [[nodiscard]] std::size_t connections() {
        std::lock_guard const lock(mutex_);
        return accepted_;
    }
    /// Waits until so many connections have been closed, by either side.
    void wait_closed(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ >= count; });
    }

  private:
    using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;
    struct Stream {
        Fd fd;
        Ssl tls;
        [[nodiscard]] bool buffers() const { return tls && SSL_pending(tls.get()) > 0; }
        bool read(std::string& into);
        void write(std::string_view text);
    };

    /// False at the end of the server.
    bool wait(int fd);
    void accept();
    void serve(Fd fd, Script script);
    void play(Stream& stream, Script const& script);
    bool read_request(Stream& stream, std::string& waiting, Reply const& reply);
    static std::size_t size_of(std::string_view request);

    std::vector<Script> scripts_;
    Tls tls_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    Fd listening_;
    std::uint16_t port_ = 0;
    std::array<int, 2> ending_{};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> requests_;
    std::size_t accepted_ = 0;
    std::size_t closed_ = 0;
    std::list<std::thread> serving_;
    std::thread accepting_;
};

inline WireServer::WireServer(std::vector<Script> scripts, Tls tls)
    : scripts_(std::move(scripts)),
      tls_(tls),
      context_(tls.certificate == nullptr ? nullptr : SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
      listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (context_) {
        SSL_CTX_use_certificate(context_.get(), tls.certificate->certificate.get());
        SSL_CTX_use_PrivateKey(context_.get(), tls.certificate->key.get());
    }
    if (context_ && tls.clients_of != nullptr) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), tls.clients_of->certificate.get());
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(listening_.get(), 64), 0);
    EXPECT_EQ(::getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
    EXPECT_EQ(::pipe(ending_.data()), 0);
    accepting_ = std::thread([this] { accept(); });
}

inline WireServer::~WireServer() {
    ::close(ending_[1]);
    accepting_.join();
    for (auto& thread : serving_) thread.join();
    ::close(ending_[0]);
}

inline bool WireServer::wait(int fd) {
    std::array<pollfd, 2> both{pollfd{fd, POLLIN, 0}, pollfd{ending_[0], POLLIN, 0}};
    ::poll(both.data(), both.size(), -1);
    return both[1].revents == 0;
}

inline void WireServer::accept() {
    while (wait(listening_.get())) {
        Fd fd(::accept(listening_.get(), nullptr, nullptr));
        std::lock_guard const lock(mutex_);
        auto script = accepted_ < scripts_.size() ? scripts_[accepted_] : Script{hold()};
        ++accepted_;
        serving_.emplace_back([this, own = std::move(fd), replies = std::move(script)]() mutable {
            serve(std::move(own), std::move(replies));
        });
    }
}

inline void WireServer::serve(Fd fd, Script script) {
    Stream stream{std::move(fd), Ssl(context_ ? SSL_new(context_.get()) : nullptr, &SSL_free)};
    if (stream.tls) SSL_set_fd(stream.tls.get(), stream.fd.get());
    if (!stream.tls || (wait(stream.fd.get()) && SSL_accept(stream.tls.get()) == 1)) play(stream, script);
    if (stream.tls && !tls_.rude_end) SSL_shutdown(stream.tls.get());
    stream.fd.close();
    std::lock_guard const lock(mutex_);
    ++closed_;
    changed_.notify_all();
}

inline void WireServer::play(Stream& stream, Script const& script) {
    std::string waiting;
    for (auto const& reply : script) {
        if (!read_request(stream, waiting, reply)) return;
        stream.write(reply.text);
        if (reply.then == Reply::Then::close) return;
        if (reply.then == Reply::Then::reset) return stream.fd.reset();
        while (reply.then == Reply::Then::hold) {
            if (!(stream.buffers() || wait(stream.fd.get())) || !stream.read(waiting)) return;
        }
    }
}

inline bool WireServer::Stream::read(std::string& into) {
    std::array<char, 4096> part;
    auto const n = tls ? SSL_read(tls.get(), part.data(), static_cast<int>(part.size()))
                       : static_cast<int>(::recv(fd.get(), part.data(), part.size(), 0));
    if (n > 0) into.append(part.data(), static_cast<std::size_t>(n));
    return n > 0;
}

/// As much as the other side takes.
inline void WireServer::Stream::write(std::string_view text) {
    if (tls && !text.empty()) SSL_write(tls.get(), text.data(), static_cast<int>(text.size()));
    while (!tls && !text.empty()) {
        auto const n = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

/// Bytes of the request at the beginning of a text; npos if they are not all there.
inline std::size_t WireServer::size_of(std::string_view text) {
    auto const end = text.find("\r\n\r\n");
    if (end == text.npos) return text.npos;
    auto const head = text.substr(0, end);
    if (head.find("Transfer-Encoding: chunked") != head.npos) {
        auto const last = text.find("0\r\n\r\n", end + 2);
        return last == text.npos ? last : last + 5;
    }
    auto const length = head.find("Content-Length: ");
    auto const size = end + 4 + (length == head.npos ? 0 : std::stoul(std::string(head.substr(length + 16))));
    return size <= text.size() ? size : text.npos;
}

inline bool WireServer::read_request(Stream& stream, std::string& waiting, Reply const& reply) {
    auto const size = [&] {
        auto const end = waiting.find("\r\n\r\n");
        return reply.at_head && end != std::string::npos ? end + 4 : size_of(waiting);
    };
    while (size() == std::string::npos) {
        if (!(stream.buffers() || wait(stream.fd.get())) || !stream.read(waiting)) return false;
    }
    if (reply.then == Reply::Then::rest) return true;
    std::lock_guard const lock(mutex_);
    requests_.push_back(waiting.substr(0, size()));
    waiting.erase(0, size());
    return true;
}

}  // namespace ocilot::test
