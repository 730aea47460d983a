#pragma once

#include "base/log.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
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

/// A limit of the rate of requests (`ocilot.ratelimits`).
struct RateLimitRule {
    std::vector<std::string> classes;  ///< words of auth::RequestClass
    std::string who = "everyone";      ///< or `anonymous`, `named`
    bool per_address = false;
    std::uint64_t requests = 0;
    std::chrono::seconds window{60};
};

/// The one resolved value the configuration hands to the core; `python/ocilot/config` makes it.
/// Defaults are those of a registry started without any configuration.
struct Settings {
    // Storage.
    std::string root = "ocilot-data";                ///< directory of blobs and metadata
    bool in_memory = false;                          ///< `storage.inmemory`: nothing is kept
    bool deletes = true;                             ///< `storage.delete.enabled`
    bool purge_uploads = true;                       ///< `storage.maintenance.uploadpurging.enabled`
    std::chrono::seconds upload_age{168 * 3600};     ///< sessions older than this are purged
    std::chrono::seconds purge_interval{24 * 3600};  ///< time between two purges

    bool scrub = true;                                ///< `ocilot.scrub.enabled`
    std::chrono::seconds scrub_interval{168 * 3600};  ///< from the end of a round to the next
    std::uint64_t scrub_rate = 16 * 1024 * 1024;      ///< bytes a second

    std::chrono::seconds audit_age{2160 * 3600};  ///< `ocilot.audit.keep`: older entries go; 0: none

    // Listening. Address is `HOST:PORT`, `:PORT` or `[V6]:PORT`; port 0 takes a free one; empty: none, then
    // only the control socket is served.
    std::string address = "127.0.0.1:5000";
    std::string debug_address;  ///< `/metrics`, `/healthz`, `/readyz` live here instead; empty: on `address`
    std::string tls_certificate;                      ///< PEM file of the chain; empty: plain HTTP
    std::string tls_key;                              ///< PEM file
    std::string tls_minimum = "tls1.2";               ///< or "tls1.3"
    std::vector<std::string> tls_client_authorities;  ///< PEM files: who may sign certificates of clients
    bool tls_client_required = true;                  ///< whether every client needs one, if there are any
    unsigned threads = 0;                             ///< I/O contexts; 0: one a core
    std::string control_socket;  ///< path; empty: `ocilot/control.sock` in `root`, none for one in memory

    // Limits.
    std::size_t header_limit = 64 * 1024;          ///< bytes of a request head
    std::size_t manifest_limit = 4 * 1024 * 1024;  ///< bytes
    std::chrono::seconds header_timeout{30};
    std::chrono::seconds idle_timeout{180};  ///< keep-alive; also the longest pause in a body
    std::chrono::seconds drain_timeout{30};  ///< for requests under way at SIGTERM

    std::vector<std::string>
        trusted_proxies;  ///< networks whose `X-Forwarded-For` tells the client's address

    std::vector<RateLimitRule> rate_limits;

    std::uint64_t body_rate = 1024;              ///< bytes a second a body has to average; 0: any
    std::chrono::seconds body_grace{30};         ///< that a body may take before it does
    std::size_t connection_limit = 16384;        ///< open connections; 0: any number
    std::size_t client_connection_limit = 0;     ///< same, of one client address
    std::size_t repository_upload_limit = 1000;  ///< unfinished uploads of one repository; 0: any number
    std::size_t caller_upload_limit = 1000;      ///< same, of one caller
    std::size_t json_depth = 64;                 ///< levels of nesting in a manifest
    std::size_t json_members = 0;                ///< members of one object in a manifest; 0: any number

    // Answers.
    std::string host;    ///< `http.host`
    std::string prefix;  ///< `http.prefix`
    bool relative_urls = false;
    std::vector<std::pair<std::string, std::string>> headers;  ///< `http.headers`
    std::size_t catalog_limit = 1000;                          ///< `catalog.maxentries`
    std::size_t tags_limit = 1000;                             ///< `tags.maxtags`

    std::vector<std::string> cors_origins;  ///< `ocilot.cors.origins`: web pages that may read answers
    bool cors_credentials = false;          ///< `ocilot.cors.credentials`
    bool strict_sizes = false;              ///< `ocilot.strictsizes`

    AuthSettings auth;

    // What repositories take.
    std::vector<std::string> sparse;  ///< patterns of those whose manifests may name what is not there

    // Hooks.
    std::vector<std::pair<std::string, double>> hook_points;  ///< that scripts answer, each with seconds

    // Log.
    LogLevel log_level = LogLevel::info;
    LogFormat log_format = LogFormat::text;
    bool access_log = true;
};

}  // namespace ocilot::server
