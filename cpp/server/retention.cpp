#include "server/parts.h"
#include "server/readers.h"

namespace ocilot::server {

namespace {

Result<retention::TimeZone> zone_of(RetentionSettings const& settings) {
    if (settings.offsets.empty()) return retention::TimeZone();
    std::vector<retention::ZonePeriod> periods;
    for (auto const& [since, offset] : settings.offsets) {
        periods.push_back({Time(std::chrono::seconds(since)), std::chrono::seconds(offset)});
    }
    return retention::TimeZone::make(settings.timezone, std::move(periods));
}

}  // namespace

Result<> Server::Parts::open_retention() {
    auto rules = jobs::RetentionRules::parse(settings.retention.policies);
    if (rules.has_error()) return Error{Errc::config, "ocilot.retention: " + rules.error().message};
    TRY(retention_readers, readers_of(settings, settings.retention.readers, "ocilot.retention.readers"));
    TRY(auto networks, net::Networks::parse(settings.retention.networks));
    list_client.emplace(settings.auth.authorities, std::move(networks), reading, metrics);
    TRY(auto zone, zone_of(settings.retention));
    jobs::RetentionSettings with{std::move(*rules), settings.retention.first_run_applies,
                                 settings.retention.interval, std::move(zone)};
    retention.emplace(jobs::RetentionParts{*registry, reading, &*list_client, &*long_requests},
                      std::move(with), log, metrics);
    return {};
}

}  // namespace ocilot::server
