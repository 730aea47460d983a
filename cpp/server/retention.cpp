#include "net/pooled_http_client.h"
#include "server/parts.h"

#include <cstdlib>

namespace ocilot::server {

namespace {

std::string proxy_variable(char const* name) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

/// Whoever writes a rule must not reach every service of the operator's network with it.
Result<std::unique_ptr<net::HttpClient>> list_client_of(Settings const& settings, Metrics& metrics) {
    TRY(auto proxies, net::ProxyRules::parse(net::ProxyRules::settings_from(&proxy_variable)));
    TRY(auto trust, net::TlsTrust::load({.authority_file = settings.auth.authorities}));
    TRY(auto networks, net::Networks::parse(settings.retention.networks));
    net::PooledHttpClient::Settings own{.name = "lists",
                                        .trust = std::move(trust),
                                        .proxies = std::move(proxies),
                                        .addresses = net::AddressPolicy::public_only(std::move(networks))};
    return std::unique_ptr<net::HttpClient>(
        std::make_unique<net::PooledHttpClient>(std::move(own), metrics));
}

}  // namespace

Result<> Server::Parts::open_retention() {
    auto rules = jobs::RetentionRules::parse(settings.retention.policies);
    if (rules.has_error()) return Error{Errc::config, "ocilot.retention: " + rules.error().message};
    if (rules->uses_urls()) {
        TRY(list_client, list_client_of(settings, metrics));
    }
    jobs::RetentionSettings with{std::move(*rules), settings.retention.first_run_applies};
    retention.emplace(jobs::RetentionParts{*registry, reading, list_client.get()}, std::move(with), log,
                      metrics);
    return {};
}

}  // namespace ocilot::server
