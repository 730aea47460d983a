#pragma once

#include "jobs/webhook_receiver.h"
#include "meta/consumer.h"

#include <optional>
#include <string>
#include <string_view>

namespace ocilot::jobs {

/// A webhook as it is at one moment.
struct WebhookStatus {
    std::string name;
    std::string url;  ///< without path and query, which may be secret
    events::Format format = events::Format::cloudevents;
    std::string_view state;   ///< `ok`, `failing`, `resting`, `disabled`
    meta::Consumer consumer;  ///< empty for one that never ran
    std::optional<WebhookExchange> last = {};
};

}  // namespace ocilot::jobs
