#include "server/parts.h"

namespace ocilot::server {

Result<> Server::Parts::open_retention() {
    auto rules = jobs::RetentionRules::parse(settings.retention.policies);
    if (rules.has_error()) return Error{Errc::config, "ocilot.retention: " + rules.error().message};
    TRY(auto networks, net::Networks::parse(settings.retention.networks));
    list_client.emplace(settings.auth.authorities, std::move(networks), reading, metrics);
    jobs::RetentionSettings with{std::move(*rules), settings.retention.first_run_applies,
                                 settings.retention.interval};
    retention.emplace(jobs::RetentionParts{*registry, reading, &*list_client}, std::move(with), log, metrics);
    return {};
}

}  // namespace ocilot::server
