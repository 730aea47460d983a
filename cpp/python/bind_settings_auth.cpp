#include "python/settings_class.h"

#include <optional>
#include <pybind11/stl.h>
#include <tuple>
#include <vector>

namespace ocilot::python {

using server::AuthSettings;
using server::Settings;

namespace {

using Allowed = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Rules are pairs in Python: patterns, and subjects with their rights.
void init_rules(SettingsClass& settings) {
    using Rules = std::vector<std::pair<std::vector<std::string>, Allowed>>;
    settings.def_property(
        "access",
        [](Settings const& self) -> std::optional<Rules> {
            if (!self.auth.access.has_rules) return std::nullopt;
            Rules rules;
            for (auto const& rule : self.auth.access.rules) rules.emplace_back(rule.repositories, rule.allow);
            return rules;
        },
        [](Settings& self, std::optional<Rules> rules) {
            self.auth.access.has_rules = rules.has_value();
            self.auth.access.rules.clear();
            if (!rules) return;
            for (auto& [repositories, allow] : *rules) {
                self.auth.access.rules.push_back({std::move(repositories), std::move(allow)});
            }
        },
        "Rules of access, each a pair of repository patterns and of subjects with their rights; None: none.");
    settings.def_property(
        "groups", [](Settings const& self) { return self.auth.access.groups; },
        [](Settings& self, Allowed groups) { self.auth.access.groups = std::move(groups); },
        "Groups, each a pair of its name and its members.");
}

/// A limit is a tuple in Python: classes, who, whether by address, requests, seconds.
void init_rates(SettingsClass& settings) {
    using Limit =
        std::tuple<std::vector<std::string>, std::string, bool, std::uint64_t, std::chrono::seconds::rep>;
    settings.def_property(
        "rate_limits",
        [](Settings const& self) {
            std::vector<Limit> limits;
            for (auto const& rule : self.rate_limits) {
                limits.emplace_back(rule.classes, rule.who, rule.per_address, rule.requests,
                                    rule.window.count());
            }
            return limits;
        },
        [](Settings& self, std::vector<Limit> limits) {
            self.rate_limits.clear();
            for (auto& [classes, who, per_address, requests, window] : limits) {
                self.rate_limits.push_back({std::move(classes), std::move(who), per_address, requests,
                                            std::chrono::seconds(window)});
            }
        },
        "Limits of the rate of requests: classes, who, whether by address, requests, seconds of a window.");
}

/// Foreign issuers are tuples in Python: name, issuer, audience, jwks, authorities, and rules, each of claims
/// with their patterns, name, groups and scopes.
void init_oidc(SettingsClass& settings) {
    using Texts = std::vector<std::string>;
    using Rule = std::tuple<Allowed, std::string, Texts, Texts>;
    using Issuer =
        std::tuple<std::string, std::string, std::string, std::string, std::string, std::vector<Rule>>;
    settings.def_property(
        "oidc",
        [](Settings const& self) {
            std::vector<Issuer> issuers;
            for (auto const& one : self.auth.oidc) {
                std::vector<Rule> rules;
                for (auto const& rule : one.rules) {
                    rules.emplace_back(rule.claims, rule.name, rule.groups, rule.scopes);
                }
                issuers.emplace_back(one.name, one.issuer, one.audience, one.jwks, one.authorities, rules);
            }
            return issuers;
        },
        [](Settings& self, std::vector<Issuer> const& issuers) {
            self.auth.oidc.clear();
            for (auto const& [name, issuer, audience, jwks, authorities, rules] : issuers) {
                server::OidcIssuer one{name, issuer, audience, jwks, authorities, {}};
                for (auto const& [claims, caller, groups, scopes] : rules) {
                    one.rules.push_back({claims, caller, groups, scopes});
                }
                self.auth.oidc.push_back(std::move(one));
            }
        },
        "Foreign issuers whose tokens are accepted; set the whole list, reading it returns a copy.");
}

}  // namespace

void init_auth_settings(SettingsClass& settings) {
    field(settings, "auth_htpasswd", &Settings::auth, &AuthSettings::htpasswd,
          "Path of the htpasswd file; empty: none.");
    field(settings, "auth_realm", &Settings::auth, &AuthSettings::realm,
          "Text of a Basic challenge, or URL of the token server.");
    field(settings, "auth_service", &Settings::auth, &AuthSettings::service,
          "Name of this registry at a token server elsewhere.");
    field(settings, "auth_token", &Settings::auth, &AuthSettings::token,
          "Whether tokens of an external token server are accepted.");
    field(settings, "auth_issuer", &Settings::auth, &AuthSettings::issuer, "Issuer of those tokens.");
    field(settings, "auth_root_certificates", &Settings::auth, &AuthSettings::root_certificates,
          "PEM file of its certificates.");
    field(settings, "auth_jwks", &Settings::auth, &AuthSettings::jwks, "JSON file of its keys.");
    field(settings, "auth_algorithms", &Settings::auth, &AuthSettings::algorithms,
          "Accepted signing algorithms; empty: all supported ones.");
    field(settings, "auth_redirect_path", &Settings::auth, &AuthSettings::redirect_path,
          "Path of the token server on this host.");
    field(settings, "auth_silly", &Settings::auth, &AuthSettings::silly,
          "Whether all credentials are accepted.");
    field(settings, "accounts", &Settings::auth, &AuthSettings::accounts,
          "Whether there are accounts and a token server here.");
    field(settings, "accounts_service", &Settings::auth, &AuthSettings::own_service,
          "Name of this registry at its own token server.");
    seconds(settings, "token_life", &Settings::auth, &AuthSettings::token_life,
            "Lifetime of a bearer token in seconds.");
    seconds(settings, "refresh_life", &Settings::auth, &AuthSettings::refresh_life,
            "Lifetime of a refresh token in seconds.");
    seconds(settings, "key_life", &Settings::auth, &AuthSettings::key_life,
            "Seconds until a signing key is replaced; 0: never.");
    field(settings, "authorities", &Settings::auth, &AuthSettings::authorities,
          "PEM file of those trusted when going out; empty: those of the system.");
    init_oidc(settings);
    init_rules(settings);
    init_rates(settings);
}

}  // namespace ocilot::python
