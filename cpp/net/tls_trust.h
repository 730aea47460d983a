#pragma once

#include "base/result.h"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace ocilot::net {

/// Files of TLS as a client.
struct TlsTrustSettings {
    /// PEM: who may sign certificates of servers; empty: the authorities of the system (SSL_CERT_FILE,
    /// SSL_CERT_DIR, else where OpenSSL or the distribution has them)
    std::string authority_file = {};
    std::string certificate_file = {};  ///< PEM: certificate shown to servers that ask for one; empty: none
    std::string key_file = {};          ///< PEM, not encrypted: its key
};

/// Which servers are trusted when connecting over TLS, those whose certificate leads to a known authority and
/// names their host, and who this side is. TLS 1.2 at least. Immutable; shared by all threads.
class TlsTrust {
  public:
    /// config, naming the file and the reason. Blocks.
    static Result<std::shared_ptr<TlsTrust>> load(TlsTrustSettings const& settings);

    ~TlsTrust();
    TlsTrust(TlsTrust const&) = delete;
    TlsTrust& operator=(TlsTrust const&) = delete;

    /// OpenSSL's handle, owned by this.
    [[nodiscard]] ssl_ctx_st* native() const noexcept { return native_; }

    /// False if the system has no authorities: no server is trusted.
    [[nodiscard]] bool has_authorities() const noexcept { return has_authorities_; }

  private:
    explicit TlsTrust(ssl_ctx_st* native) noexcept : native_(native) {}
    ssl_ctx_st* native_;
    bool has_authorities_ = true;
};

}  // namespace ocilot::net
