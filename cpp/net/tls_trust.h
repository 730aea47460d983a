#pragma once

#include "base/result.h"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace ocilot::net {

/// Which servers are believed when going out over TLS: those whose certificate leads to a known authority and
/// names their host. TLS 1.2 at least. Immutable; shared by all threads.
class TlsTrust {
  public:
    /// Authorities of a PEM file, or, if it is empty, those of the system (SSL_CERT_FILE, SSL_CERT_DIR, else
    /// where OpenSSL has them). config, naming the file and the reason. Blocks.
    static Result<std::shared_ptr<TlsTrust>> load(std::string const& authority_file);

    ~TlsTrust();
    TlsTrust(TlsTrust const&) = delete;
    TlsTrust& operator=(TlsTrust const&) = delete;

    /// OpenSSL's handle, owned by this.
    [[nodiscard]] ssl_ctx_st* native() const noexcept { return native_; }

  private:
    explicit TlsTrust(ssl_ctx_st* native) noexcept : native_(native) {}
    ssl_ctx_st* native_;
};

}  // namespace ocilot::net
