#pragma once

#include "base/metrics.h"
#include "base/result.h"
#include "events/source.h"
#include "jobs/webhook.h"
#include "server/settings/events.h"

#include <vector>

namespace ocilot::server {

/// The webhooks of the settings, each with a client of its own: its authorities, certificate, proxy and the
/// addresses that it may connect to. Reads files. config, naming the webhook and the key, but no secret.
Result<std::vector<jobs::Webhook>> webhooks_of(EventSettings const& settings, events::Source const& source,
                                               Metrics& metrics);

}  // namespace ocilot::server
