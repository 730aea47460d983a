#include "python/bind.h"
#include "server/settings.h"

#include <chrono>
#include <optional>
#include <pybind11/native_enum.h>
#include <pybind11/stl.h>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ocilot::python {

namespace {

using server::Settings;
using Seconds = std::chrono::seconds;
using Class = py::class_<Settings>;

/// A duration is a whole number of seconds in Python.
void seconds(Class& settings, char const* name, Seconds Settings::* field, char const* doc) {
    settings.def_property(
        name, [field](Settings const& self) { return (self.*field).count(); },
        [name, field](Settings& self, Seconds::rep value) {
            if (value < 0) throw py::value_error(std::string(name) + " cannot be negative");
            self.*field = Seconds(value);
        },
        doc);
}

void init_log_enums(py::module_& module) {
    py::native_enum<LogLevel>(module, "LogLevel", "enum.Enum", "The least important lines that are logged.")
        .value("debug", LogLevel::debug)
        .value("info", LogLevel::info)
        .value("warn", LogLevel::warn)
        .value("error", LogLevel::error)
        .finalize();
    py::native_enum<LogFormat>(module, "LogFormat", "enum.Enum", "The form of a log line.")
        .value("text", LogFormat::text)
        .value("json", LogFormat::json)
        .finalize();
}

void init_storage(Class& settings) {
    settings.def_readwrite("root", &Settings::root, "Directory of blobs and metadata.")
        .def_readwrite("in_memory", &Settings::in_memory, "Whether everything is forgotten at the end.")
        .def_readwrite("deletes", &Settings::deletes, "Whether clients may delete.")
        .def_readwrite("purge_uploads", &Settings::purge_uploads, "Whether abandoned uploads are removed.");
    seconds(settings, "upload_age", &Settings::upload_age, "Seconds after which an upload is abandoned.");
    seconds(settings, "purge_interval", &Settings::purge_interval, "Seconds between two purges.");
    settings.def_readwrite("scrub", &Settings::scrub, "Whether blobs are read again in the background.")
        .def_readwrite("scrub_rate", &Settings::scrub_rate, "Bytes a second; 0: as fast as it can.");
    seconds(settings, "scrub_interval", &Settings::scrub_interval, "Seconds between two rounds of that.");
    seconds(settings, "audit_age", &Settings::audit_age,
            "Seconds that changes and refusals are remembered; 0: for ever.");
}

void init_listening(Class& settings) {
    settings
        .def_readwrite(
            "address", &Settings::address,
            "`HOST:PORT`, `:PORT` or `[V6]:PORT`; port 0 takes a free one; empty: only the control "
            "socket is served.")
        .def_readwrite("control_socket", &Settings::control_socket,
                       "Path; empty: `ocilot/control.sock` in `root`, none for a registry in memory.")
        .def_readwrite("debug_address", &Settings::debug_address,
                       "Where metrics and health live instead of at `address`; empty: there.")
        .def_readwrite("tls_certificate", &Settings::tls_certificate, "PEM file; empty: plain HTTP.")
        .def_readwrite("tls_key", &Settings::tls_key, "PEM file.")
        .def_readwrite("tls_minimum", &Settings::tls_minimum, "`tls1.2` or `tls1.3`.")
        .def_readwrite("tls_client_authorities", &Settings::tls_client_authorities,
                       "PEM files of those who may sign certificates of clients; set the whole list.")
        .def_readwrite("tls_client_required", &Settings::tls_client_required,
                       "Whether every client needs a certificate, if there are authorities.")
        .def_readwrite("trusted_proxies", &Settings::trusted_proxies,
                       "Networks of proxies that are believed who a client is; set the whole list.")
        .def_readwrite("threads", &Settings::threads, "I/O threads; 0: one a core.");
}

void init_limits(Class& settings) {
    settings.def_readwrite("header_limit", &Settings::header_limit, "Bytes of a request's head.")
        .def_readwrite("manifest_limit", &Settings::manifest_limit, "Bytes of a manifest.")
        .def_readwrite("body_rate", &Settings::body_rate, "Bytes a second a body has to average; 0: any.")
        .def_readwrite("connection_limit", &Settings::connection_limit, "Open connections; 0: any number.")
        .def_readwrite("client_connection_limit", &Settings::client_connection_limit,
                       "Open connections of one client address; 0: any number.")
        .def_readwrite("repository_upload_limit", &Settings::repository_upload_limit,
                       "Unfinished uploads of one repository; 0: any number.")
        .def_readwrite("caller_upload_limit", &Settings::caller_upload_limit,
                       "Unfinished uploads of one caller; 0: any number.")
        .def_readwrite("json_depth", &Settings::json_depth, "Levels of nesting in a manifest.")
        .def_readwrite("json_members", &Settings::json_members,
                       "Members of one object in a manifest; 0: any number.");
    seconds(settings, "header_timeout", &Settings::header_timeout, "Seconds a request's head may take.");
    seconds(settings, "body_grace", &Settings::body_grace, "Seconds before a body has to have its rate.");
    seconds(settings, "idle_timeout", &Settings::idle_timeout, "Seconds a connection may be silent.");
    seconds(settings, "drain_timeout", &Settings::drain_timeout,
            "Seconds for requests under way at the end.");
}

void init_answers(Class& settings) {
    settings.def_readwrite("host", &Settings::host, "URL that clients see; empty: from the request.")
        .def_readwrite("prefix", &Settings::prefix, "Path below which the API lives.")
        .def_readwrite("relative_urls", &Settings::relative_urls, "Whether `Location` is a path only.")
        .def_readwrite("headers", &Settings::headers,
                       "Headers added to every answer; set the whole list, reading it gives a copy.")
        .def_readwrite("cors_origins", &Settings::cors_origins,
                       "Origins of web pages that may read answers; set the whole list.")
        .def_readwrite("cors_credentials", &Settings::cors_credentials,
                       "Whether those pages may use the reader's credentials.")
        .def_readwrite("strict_sizes", &Settings::strict_sizes,
                       "Whether a descriptor with a wrong size is refused.")
        .def_readwrite("catalog_limit", &Settings::catalog_limit, "Most repositories in one answer.")
        .def_readwrite("tags_limit", &Settings::tags_limit, "Most tags in one answer to a paging client.");
}

void init_repositories(Class& settings) {
    settings.def_readwrite("sparse", &Settings::sparse,
                           "Patterns of repositories whose manifests may name what is not there; set the "
                           "whole list, reading it gives a copy.");
}

/// A field of the settings of access, as one of the settings.
template <class Field>
void auth(Class& settings, char const* name, Field server::AuthSettings::* field, char const* doc) {
    settings.def_property(
        name, [field](Settings const& self) { return self.auth.*field; },
        [field](Settings& self, Field value) { self.auth.*field = std::move(value); }, doc);
}

void auth_seconds(Class& settings, char const* name, Seconds server::AuthSettings::* field, char const* doc) {
    settings.def_property(
        name, [field](Settings const& self) { return (self.auth.*field).count(); },
        [name, field](Settings& self, Seconds::rep value) {
            if (value < 0) throw py::value_error(std::string(name) + " cannot be negative");
            self.auth.*field = Seconds(value);
        },
        doc);
}

using Allowed = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Rules are pairs in Python: patterns, and subjects with their rights.
void init_rules(Class& settings) {
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
void init_rates(Class& settings) {
    using Limit = std::tuple<std::vector<std::string>, std::string, bool, std::uint64_t, Seconds::rep>;
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
                self.rate_limits.push_back(
                    {std::move(classes), std::move(who), per_address, requests, Seconds(window)});
            }
        },
        "Limits of the rate of requests: classes, who, whether by address, requests, seconds of a window.");
}

/// Foreign issuers are tuples in Python: name, issuer, audience, jwks, authorities, and rules, each of claims
/// with their patterns, name, groups and scopes.
void init_oidc(Class& settings) {
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
        "Foreign issuers whose tokens are taken; set the whole list, reading it gives a copy.");
}

void init_auth(Class& settings) {
    using server::AuthSettings;
    auth(settings, "auth_htpasswd", &AuthSettings::htpasswd, "Path of the htpasswd file; empty: none.");
    auth(settings, "auth_realm", &AuthSettings::realm,
         "Text of a Basic challenge, or URL of the token server.");
    auth(settings, "auth_service", &AuthSettings::service,
         "Name of this registry at a token server elsewhere.");
    auth(settings, "auth_token", &AuthSettings::token, "Whether tokens of a server elsewhere are taken.");
    auth(settings, "auth_issuer", &AuthSettings::issuer, "Issuer of those tokens.");
    auth(settings, "auth_root_certificates", &AuthSettings::root_certificates,
         "PEM file of its certificates.");
    auth(settings, "auth_jwks", &AuthSettings::jwks, "JSON file of its keys.");
    auth(settings, "auth_algorithms", &AuthSettings::algorithms,
         "How those tokens may be signed; empty: any way.");
    auth(settings, "auth_redirect_path", &AuthSettings::redirect_path,
         "Where the token server is on this host.");
    auth(settings, "auth_silly", &AuthSettings::silly, "Whether any credentials will do.");
    auth(settings, "accounts", &AuthSettings::accounts,
         "Whether there are accounts and a token server here.");
    auth(settings, "accounts_service", &AuthSettings::own_service,
         "Name of this registry at its own token server.");
    auth_seconds(settings, "token_life", &AuthSettings::token_life, "Seconds a token is good.");
    auth_seconds(settings, "refresh_life", &AuthSettings::refresh_life, "Seconds a refresh token is good.");
    auth_seconds(settings, "key_life", &AuthSettings::key_life, "Seconds a key signs; 0: for ever.");
    auth(settings, "authorities", &AuthSettings::authorities,
         "PEM file of those trusted when going out; empty: those of the system.");
    init_oidc(settings);
    init_rules(settings);
    init_rates(settings);
}

void init_hooks(Class& settings) {
    settings.def_readwrite("hook_points", &Settings::hook_points,
                           "Points that are asked from the first request on, each with its deadline in "
                           "seconds; set the whole list, reading it gives a copy.");
}

void init_log(Class& settings) {
    settings.def_readwrite("log_level", &Settings::log_level, "Least level that is logged.")
        .def_readwrite("log_format", &Settings::log_format, "Form of a log line.")
        .def_readwrite("access_log", &Settings::access_log, "Whether each request is logged.");
}

}  // namespace

void init_settings(py::module_& module) {
    init_log_enums(module);
    Class settings(module, "Settings",
                   "The one resolved configuration of a server; durations in whole seconds.");
    settings.def(py::init<>(), "The settings of a registry without any configuration.");
    init_storage(settings);
    init_listening(settings);
    init_limits(settings);
    init_answers(settings);
    init_repositories(settings);
    init_auth(settings);
    init_hooks(settings);
    init_log(settings);
}

}  // namespace ocilot::python
