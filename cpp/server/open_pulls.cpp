#include "jobs/record_pulls.h"
#include "server/parts.h"
#include "server/sync_wait.h"

#include <fmt/format.h>

namespace ocilot::server {

Result<> Server::Parts::open_pulls() {
    TRY(ignored_pulls, auth::IgnoredPulls::parse(settings.pulls.ignore, settings.auth.access.groups));
    TRY(registry->pull_events, registry::parse_pull_events(settings.events.pulls));
    auto const since = sync_wait(meta->pulls().begin(clock.now()));
    if (since.has_error()) {
        return Error{Errc::config, fmt::format("cannot begin to count pulls: {}", since.error().message)};
    }
    registry->pulls = &pulls;
    return {};
}

void Server::Parts::keep_last_pulls() {
    if (!registry) return;
    auto const kept = sync_wait(jobs::record_pulls(*registry, log));
    if (kept.has_error()) log.error("last pulls not recorded", {{"err", kept.error().message}});
}

}  // namespace ocilot::server
