#include "server/oidc.h"

#include "issuers/fetched_keys.h"
#include "net/pooled_http_client.h"

#include <cstdlib>
#include <map>

namespace ocilot::server {

namespace {

std::string variable(char const* name) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

Result<auth::Federation> federation_of(std::vector<OidcIssuer> const& issuers) {
    std::vector<auth::FederatedIssuer> believed;
    for (auto const& issuer : issuers) {
        auth::FederatedIssuer one{issuer.name, issuer.issuer, issuer.audience, {}};
        for (auto const& rule : issuer.rules) {
            one.rules.push_back({.claims = {rule.claims.begin(), rule.claims.end()},
                                 .name = rule.name,
                                 .groups = rule.groups,
                                 .scopes = rule.scopes});
        }
        believed.push_back(std::move(one));
    }
    return auth::Federation::make(std::move(believed));
}

Result<std::unique_ptr<auth::KeySource>> issuers_of(AuthSettings const& settings, BlockingPool& pool,
                                                    IssuerDependencies dependencies) {
    TRY(auto const proxies, net::ProxyRules::parse(net::ProxyRules::settings_from(&variable)));
    std::map<std::string, std::shared_ptr<net::HttpClient>> clients;  // By the file of authorities.
    std::vector<issuers::FetchedKeys::Issuer> issuers;
    for (auto const& issuer : settings.oidc) {
        auto const& file = issuer.authorities.empty() ? settings.authorities : issuer.authorities;
        auto& client = clients[file];
        if (!client) {
            TRY(auto trust, net::TlsTrust::load({.authority_file = file}));
            if (!trust->has_authorities()) {
                dependencies.log.warn(
                    "no certificate authorities found on this system: HTTPS issuers are not trusted",
                    {{"hint", "set ocilot.authorities, or SSL_CERT_FILE"}});
            }
            net::PooledHttpClient::Settings own{
                .name = "issuers", .trust = std::move(trust), .proxies = proxies};
            client = std::make_shared<net::PooledHttpClient>(std::move(own), dependencies.metrics);
        }
        issuers.push_back({issuer.issuer, issuer.jwks, client});
    }
    TRY(auto made,
        issuers::FetchedKeys::make(std::move(issuers), {pool, dependencies.clock, dependencies.log}));
    return std::unique_ptr<auth::KeySource>(std::move(made));
}

}  // namespace ocilot::server
