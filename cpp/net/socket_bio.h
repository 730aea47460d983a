#pragma once

#include "net/transport.h"

#include <memory>

struct bio_st;
struct bio_method_st;

namespace ocilot::net {

/// Lets OpenSSL read and write a Transport's socket directly, without copies in between: non-blocking and
/// without SIGPIPE, which OpenSSL's own socket BIO would raise. Must outlive the SSL object that uses it.
class SocketBio {
  public:
    /// `transport` is borrowed.
    explicit SocketBio(Transport& transport);
    ~SocketBio();
    SocketBio(SocketBio const&) = delete;
    SocketBio& operator=(SocketBio const&) = delete;

    /// A BIO for SSL_set_bio, which takes it over; null when out of memory.
    [[nodiscard]] bio_st* make();

    /// Whether the writes that follow promise more (MSG_MORE).
    void set_more(bool more) noexcept { more_ = more; }
    /// errno of the last call that failed for good; 0 if none did, as when the peer just went.
    [[nodiscard]] int error() const noexcept { return error_; }

  private:
    static int read(bio_st* bio, char* out, int size);
    static int write(bio_st* bio, char const* bytes, int size);
    static long control(bio_st* bio, int command, long number, void* pointer);

    Transport& transport_;
    bio_method_st* method_;
    bool more_ = false;
    bool ended_ = false;
    int error_ = 0;
};

}  // namespace ocilot::net
