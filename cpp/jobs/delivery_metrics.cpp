#include "jobs/delivery_metrics.h"

namespace ocilot::jobs {

namespace {

Counter& attempts(Metrics& metrics, std::string const& consumer, char const* outcome) {
    return metrics.counter("ocilot_delivery_attempts_total",
                           "Attempts to deliver events to webhooks, by outcome.",
                           {{"consumer", consumer}, {"outcome", outcome}});
}

}  // namespace

DeliveryMetrics::DeliveryMetrics(Metrics& metrics, std::string const& consumer)
    : delivered_(attempts(metrics, consumer, "delivered")),
      failed_(attempts(metrics, consumer, "failed")),
      rejected_(attempts(metrics, consumer, "rejected")),
      changes_(metrics.counter("ocilot_delivery_changes_total", "Changes delivered to webhooks.",
                               {{"consumer", consumer}})),
      parked_(metrics.counter("ocilot_delivery_parked_total",
                              "Changes parked because a webhook rejected them, or attempts were used up.",
                              {{"consumer", consumer}})) {}

void DeliveryMetrics::note(DeliveryVerdict verdict, std::size_t changes) noexcept {
    switch (verdict) {
        case DeliveryVerdict::delivered:
            delivered_.add();
            changes_.add(changes);
            break;
        case DeliveryVerdict::unavailable:
        case DeliveryVerdict::failed:
            failed_.add();
            break;
        case DeliveryVerdict::rejected:
        case DeliveryVerdict::gone:
            rejected_.add();
            break;
        case DeliveryVerdict::cancelled:
            break;
    }
}

}  // namespace ocilot::jobs
