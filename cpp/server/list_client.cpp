#include "server/list_client.h"

#include "net/pooled_http_client.h"

#include <cstdlib>

namespace ocilot::server {

namespace {

std::string proxy_variable(char const* name) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

ListClient::ListClient(std::string authorities, net::Networks networks, BlockingPool& pool, Metrics& metrics)
    : authorities_(std::move(authorities)), networks_(std::move(networks)), pool_(pool), metrics_(metrics) {}

Result<std::shared_ptr<net::HttpClient>> ListClient::make() {
    std::lock_guard const lock(mutex_);
    if (client_) return client_;
    TRY(auto proxies, net::ProxyRules::parse(net::ProxyRules::settings_from(&proxy_variable)));
    TRY(auto trust, net::TlsTrust::load({.authority_file = authorities_}));
    // A rule must not reach every service of the operator's network.
    net::PooledHttpClient::Settings own{.name = "lists",
                                        .trust = std::move(trust),
                                        .proxies = std::move(proxies),
                                        .addresses = net::AddressPolicy::public_only(networks_)};
    client_ = std::make_shared<net::PooledHttpClient>(std::move(own), metrics_);
    return client_;
}

Task<Result<net::HttpResponse>> ListClient::send(net::HttpRequest request) {
    auto const work = [this] { return make(); };  // Reads files.
    CO_TRY(auto const client, co_await pool_.run(work));
    co_return co_await client->send(std::move(request));
}

}  // namespace ocilot::server
