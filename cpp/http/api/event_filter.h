#pragma once

#include "events/filter.h"
#include "http/core/target.h"

namespace ocilot::http {

/// Which events a client wants: `?repository=` and `?tag=` patterns, `?action=` an action, a family `tag.*`
/// or
/// `*` (each repeatable). Without an action those that webhooks are sent. bad_request for others.
Result<events::Filter> event_filter(Query const& query);

}  // namespace ocilot::http
