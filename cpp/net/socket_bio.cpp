#include "net/socket_bio.h"

#include <cerrno>
#include <openssl/bio.h>
#include <sys/socket.h>

namespace ocilot::net {

SocketBio::SocketBio(Transport& transport)
    : transport_(transport), method_(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "ocilot socket")) {
    if (method_ == nullptr) return;
    BIO_meth_set_read(method_, &SocketBio::read);
    BIO_meth_set_write(method_, &SocketBio::write);
    BIO_meth_set_ctrl(method_, &SocketBio::control);
}

SocketBio::~SocketBio() {
    BIO_meth_free(method_);
}

bio_st* SocketBio::make() {
    auto* const bio = method_ != nullptr ? BIO_new(method_) : nullptr;
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    return bio;
}

int SocketBio::read(bio_st* bio, char* out, int size) {
    auto& self = *static_cast<SocketBio*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    auto const n = ::recv(self.transport_.fd(), out, static_cast<std::size_t>(size), MSG_DONTWAIT);
    if (n > 0) {
        self.transport_.count_received(static_cast<std::size_t>(n));
        return static_cast<int>(n);
    }
    if (n == 0) {
        self.ended_ = true;
    } else if (errno == EAGAIN || errno == EINTR) {
        BIO_set_retry_read(bio);
    } else {
        self.error_ = errno;
    }
    return static_cast<int>(n);
}

int SocketBio::write(bio_st* bio, char const* bytes, int size) {
    auto& self = *static_cast<SocketBio*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    int const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (self.more_ ? MSG_MORE : 0);
    auto const n = ::send(self.transport_.fd(), bytes, static_cast<std::size_t>(size), flags);
    if (n >= 0) {
        self.transport_.count_sent(static_cast<std::size_t>(n));
        return static_cast<int>(n);
    }
    if (errno == EAGAIN || errno == EINTR) {
        BIO_set_retry_write(bio);
    } else {
        self.error_ = errno;
    }
    return -1;
}

long SocketBio::control(bio_st* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return static_cast<SocketBio*>(BIO_get_data(bio))->ended_ ? 1 : 0;
    return 0;
}

}  // namespace ocilot::net
