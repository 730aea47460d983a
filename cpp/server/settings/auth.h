#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::server {

/// One rule (`ocilot.access`): patterns of repositories, and subjects with their rights.
struct AccessRule {
    std::vector<std::string> repositories;
    std::vector<std::pair<std::string, std::vector<std::string>>> allow;
};

/// What can change while the registry runs.
struct AccessSettings {
    bool has_rules = false;  ///< without any, whoever logged in may pull, push and delete
    std::vector<AccessRule> rules;
    std::vector<std::pair<std::string, std::vector<std::string>>> groups;  ///< `ocilot.groups`
};

/// Who somebody is whose token of a foreign issuer has these claims, see auth::FederationRule.
struct OidcRule {
    std::vector<std::pair<std::string, std::vector<std::string>>> claims;
    std::string name;
    std::vector<std::string> groups;
    std::vector<std::string> scopes;
};

/// A foreign issuer that is believed (`ocilot.oidc`).
struct OidcIssuer {
    std::string name;
    std::string issuer;
    std::string audience;
    std::string jwks;         ///< URL or path of its keys; empty: found by discovery
    std::string authorities;  ///< PEM file of who signs its TLS certificate; empty: those of the system
    std::vector<OidcRule> rules;
};

/// Who is let in. All of it empty: everybody.
struct AuthSettings {
    std::string htpasswd;                  ///< `auth.htpasswd.path`
    std::string realm;                     ///< of Basic, or the external token server's URL
    std::string service;                   ///< `auth.token.service`, `auth.silly.service`
    std::string issuer;                    ///< `auth.token.issuer`
    std::string root_certificates;         ///< `auth.token.rootcertbundle`
    std::string jwks;                      ///< `auth.token.jwks`
    std::vector<std::string> algorithms;   ///< `auth.token.signingalgorithms`; empty: all
    std::string redirect_path;             ///< `auth.token.autoredirectpath`, if the realm is on this host
    bool token = false;                    ///< `auth.token`
    bool silly = false;                    ///< `auth.silly`
    bool accounts = false;                 ///< `ocilot.accounts.enabled`
    std::string own_service = "ocilot";    ///< `ocilot.accounts.service`
    std::chrono::seconds token_life{300};  ///< `ocilot.accounts.tokenexpiry`
    std::chrono::seconds refresh_life{720 * 3600};
    std::chrono::seconds key_life{720 * 3600};  ///< `ocilot.accounts.keyrotation`; 0: keys stay
    bool certificates = false;                  ///< `http.tls.clientcas`: with rules, they decide
    std::vector<OidcIssuer> oidc;               ///< `ocilot.oidc`
    std::string authorities;                    ///< PEM file in place of those of the system; going out
    AccessSettings access;

    [[nodiscard]] bool open() const noexcept {
        bool const by_certificate = certificates && access.has_rules;
        return htpasswd.empty() && !token && !silly && !accounts && !by_certificate;
    }
};

}  // namespace ocilot::server
