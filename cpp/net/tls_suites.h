#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace ocilot::net {

/// Cipher suites of a server, by preference. Only those with forward secrecy (ECDHE) and authenticated
/// encryption (AEAD) can be selected, as all of TLS 1.3 have. Without a selection, OpenSSL orders them.
class TlsSuites {
  public:
    /// Selects by the names of IANA, as Go has them: `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`,
    /// `TLS_AES_128_GCM_SHA256`. config for a name that cannot be selected.
    static Result<TlsSuites> parse(std::vector<std::string> const& names);

    /// Whether a handshake of TLS 1.2 can succeed with that key.
    [[nodiscard]] bool fit(evp_pkey_st const* key) const noexcept;

    /// OpenSSL's list for TLS 1.2; empty if only suites of TLS 1.3 are selected.
    [[nodiscard]] std::string const& of_tls1_2() const noexcept { return of_tls1_2_; }
    /// OpenSSL's list for TLS 1.3; empty: its default.
    [[nodiscard]] std::string const& of_tls1_3() const noexcept { return of_tls1_3_; }

  private:
    std::string of_tls1_2_ = "ECDHE+AESGCM:ECDHE+CHACHA20";
    std::string of_tls1_3_;
    bool fits_rsa_ = true;
    bool fits_ecdsa_ = true;
};

/// What certificates with that key are called in the names of suites of TLS 1.2: `RSA` or `ECDSA`.
[[nodiscard]] std::string_view suite_family(evp_pkey_st const* key) noexcept;

}  // namespace ocilot::net
