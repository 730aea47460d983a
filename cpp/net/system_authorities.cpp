#include "net/system_authorities.h"

#include <array>

namespace ocilot::net {

namespace {

constexpr std::array bundles{
    "etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Alpine, Arch
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, Red Hat
    "etc/pki/tls/certs/ca-bundle.crt",                   // before Fedora 44
    "etc/ssl/ca-bundle.pem",                             // openSUSE
    "etc/ssl/cert.pem",
};

}  // namespace

std::string system_authorities(std::filesystem::path const& root) {
    for (auto const* const bundle : bundles) {
        std::error_code error;
        if (auto path = root / bundle; std::filesystem::is_regular_file(path, error)) return path.string();
    }
    return {};
}

}  // namespace ocilot::net
