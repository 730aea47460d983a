#include "net/tls_suites.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

namespace ocilot::net {

namespace {

struct Suite {
    std::string_view name;
    std::string_view in_openssl;
    std::string_view family;  // Empty: TLS 1.3, where any certificate goes with any suite.
};

constexpr std::string_view rsa = "RSA";
constexpr std::string_view ecdsa = "ECDSA";

constexpr auto selectable = std::to_array<Suite>({
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", ecdsa},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", ecdsa},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", ecdsa},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", rsa},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", rsa},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", rsa},
    {"TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", ""},
});

Error not_selectable(std::string_view name) {
    std::vector<std::string_view> names;
    for (auto const& suite : selectable) names.push_back(suite.name);
    return {Errc::config,
            fmt::format("invalid cipher suite \"{}\": expected one of {}", name, fmt::join(names, ", "))};
}

}  // namespace

Result<TlsSuites> TlsSuites::parse(std::vector<std::string> const& names) {
    TlsSuites selected;
    if (names.empty()) return selected;
    selected.of_tls1_2_.clear();
    selected.fits_rsa_ = selected.fits_ecdsa_ = false;
    std::vector<Suite const*> taken;
    for (auto const& name : names) {
        auto const* const suite = std::ranges::find(selectable, std::string_view(name), &Suite::name);
        if (suite == selectable.end()) return not_selectable(name);
        // OpenSSL takes a list of TLS 1.3 with a suite twice as it stands.
        if (std::ranges::find(taken, suite) != taken.end()) continue;
        taken.push_back(suite);
        auto& list = suite->family.empty() ? selected.of_tls1_3_ : selected.of_tls1_2_;
        list += fmt::format("{}{}", list.empty() ? "" : ":", suite->in_openssl);
        if (suite->family == rsa) selected.fits_rsa_ = true;
        if (suite->family == ecdsa) selected.fits_ecdsa_ = true;
    }
    return selected;
}

bool TlsSuites::fit(evp_pkey_st const* key) const noexcept {
    return suite_family(key) == rsa ? fits_rsa_ : fits_ecdsa_;
}

std::string_view suite_family(evp_pkey_st const* key) noexcept {
    // Suites with ECDSA in their names serve Ed25519 and Ed448, too (RFC 8422).
    auto const kind = EVP_PKEY_get_base_id(key);
    return kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS ? rsa : ecdsa;
}

}  // namespace ocilot::net
