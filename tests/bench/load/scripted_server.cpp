#include "scripted_server.h"

#include <array>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace ocilot::load {

namespace {

/// A request of which `pending` may hold the beginning; false when the client is gone.
bool read_request(int fd, std::string& pending, Asked& asked) {
    std::array<char, 65536> buffer{};
    std::size_t whole = std::string::npos;
    for (;;) {
        auto const end = pending.find("\r\n\r\n");
        if (end != pending.npos) {
            auto const length = pending.find("Content-Length: ");
            whole = end + 4 + (length < end ? std::stoul(pending.substr(length + 16)) : 0);
            if (pending.size() >= whole) {
                asked.line = pending.substr(0, pending.find(" HTTP/1.1"));
                asked.body = pending.substr(end + 4, whole - end - 4);
                pending.erase(0, whole);
                return true;
            }
        }
        auto const bytes = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (bytes <= 0) return false;
        pending.append(buffer.data(), static_cast<std::size_t>(bytes));
    }
}

}  // namespace

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, 32> hash{};
    EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
    std::string out = "sha256:";
    for (unsigned const byte : hash) {
        out += "0123456789abcdef"[byte >> 4U];
        out += "0123456789abcdef"[byte & 15U];
    }
    return out;
}

ScriptedServer::ScriptedServer(Script script)
    : script_{std::move(script)}, listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error("no port to listen on");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread(&ScriptedServer::accept_all, this);
}

ScriptedServer::~ScriptedServer() {
    stop_accepting();
    for (auto& client : clients_) client.join();
    for (int const fd : sockets_) ::close(fd);
}

void ScriptedServer::stop_accepting() {
    if (listener_ < 0) return;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    listener_ = -1;
}

void ScriptedServer::hang_up() {
    stop_accepting();
    for (int const fd : sockets_) ::shutdown(fd, SHUT_RDWR);
}

void ScriptedServer::accept_all() {
    for (int fd = 0; (fd = ::accept(listener_, nullptr, nullptr)) >= 0;) {
        sockets_.push_back(fd);
        clients_.emplace_back(&ScriptedServer::serve, this, fd);
    }
}

void ScriptedServer::serve(int fd) {
    std::string pending;
    Asked asked;
    Said said;
    while (!said.close && read_request(fd, pending, asked)) {
        {
            std::lock_guard const lock(mutex_);
            said = script_(count_++, asked);
        }
        ::send(fd, said.bytes.data(), said.bytes.size(), MSG_NOSIGNAL);
    }
    ::shutdown(fd, SHUT_RDWR);
}

}  // namespace ocilot::load
