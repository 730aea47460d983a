#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "net/tls_suites.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;

namespace ocilot::net {

enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };

/// `tls1.2` or `tls1.3`; config for anything else.
[[nodiscard]] Result<TlsVersion> parse_tls_version(std::string_view text);

/// Files and rules of a server's TLS.
struct TlsSettings {
    std::string certificate_file;  ///< PEM: the server's certificate, then those that lead to its authority
    std::string key_file;          ///< PEM, not encrypted
    TlsVersion minimum = TlsVersion::tls1_2;
    /// PEM: who may sign certificates of clients; empty: clients are not asked for one
    std::vector<std::string> client_authority_files = {};
    bool client_certificate_required = true;  ///< else only one that is sent has to be good
    TlsSuites suites = {};
};

/// One certificate with its key, ready for handshakes: cipher suites in the server's order, stateless session
/// tickets, ALPN `http/1.1`, no renegotiation, no compression; certificates of clients as the settings ask.
/// Immutable; shared by all threads.
class TlsContext {
  public:
    /// config, naming the file and the reason: missing, not PEM, encrypted, key and certificate do not
    /// match, or TLS 1.2 is allowed and none of the suites works with the key.
    static Result<std::shared_ptr<TlsContext>> load(TlsSettings const& settings);

    ~TlsContext();
    TlsContext(TlsContext const&) = delete;
    TlsContext& operator=(TlsContext const&) = delete;

    /// OpenSSL's handle, owned by this.
    [[nodiscard]] ssl_ctx_st* native() const noexcept { return native_; }
    /// When the first certificate of the chain, or one behind it, expires: the earliest of them.
    [[nodiscard]] Time expires_at() const noexcept { return expires_at_; }

  private:
    explicit TlsContext(ssl_ctx_st* native) noexcept : native_(native) {}
    ssl_ctx_st* native_;
    Time expires_at_{};
};

}  // namespace ocilot::net
