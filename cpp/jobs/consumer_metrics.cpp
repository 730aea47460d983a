#include "jobs/consumer_metrics.h"

#include <algorithm>
#include <chrono>

namespace ocilot::jobs {

void note_consumer(Metrics& metrics, meta::Consumer const& consumer, Time now) {
    MetricLabels const labels{{"consumer", consumer.name}};
    auto const set = [&](char const* name, char const* help, std::uint64_t value) {
        metrics.gauge(name, help, labels).set(static_cast<std::int64_t>(value));
    };
    auto const lag =
        consumer.behind_since ? std::max(now - *consumer.behind_since, Time::duration(0)) : Time::duration(0);
    set("ocilot_consumer_lag_entries", "Changes that a consumer of the change log has not handled yet.",
        consumer.behind);
    set("ocilot_consumer_lag_seconds", "Age of the oldest change that a consumer has not handled yet.",
        static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(lag).count()));
    set("ocilot_consumer_failures", "Attempts of a consumer that failed in a row.", consumer.state.failures);
    set("ocilot_consumer_waiting", "Changes of a consumer that are set aside and tried again.",
        consumer.waiting);
    set("ocilot_consumer_parked", "Changes of a consumer that are parked until they are replayed.",
        consumer.parked);
}

}  // namespace ocilot::jobs
