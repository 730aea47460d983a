#pragma once

#include <string>
#include <vector>

namespace ocilot::server {

/// TLS of the clients' address (`http.tls`); every file is PEM.
struct CertificateSettings {
    std::string certificate;                      ///< file of the chain; empty: plain HTTP
    std::string key;                              ///< file
    std::string minimum = "tls1.2";               ///< or "tls1.3"
    std::vector<std::string> suites;              ///< names, by preference; empty: OpenSSL's default
    std::vector<std::string> client_authorities;  ///< files: who may sign certificates of clients
    bool client_required = true;                  ///< whether every client needs one, if there are any
};

}  // namespace ocilot::server
