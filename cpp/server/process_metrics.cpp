#include "server/process_metrics.h"

#include <chrono>
#include <cstdint>

namespace ocilot::server {

namespace {

std::int64_t unix_seconds(Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

void describe_process(Metrics& metrics, Clock const& clock, net::TlsCertificates const* certificates) {
    metrics.gauge("ocilot_build_info", "Always 1; its label is the version.", {{"version", OCILOT_VERSION}})
        .set(1);
    if (certificates == nullptr) return;
    metrics.gauge_of("ocilot_tls_certificate_expiry_timestamp_seconds",
                     "Unix time at which the TLS certificate in force expires.",
                     [certificates] { return unix_seconds(certificates->current()->expires_at()); });
    metrics.gauge_of(
        "ocilot_tls_certificate_expires_in_seconds",
        "Seconds until the TLS certificate in force expires; negative afterwards.", [certificates, &clock] {
            return unix_seconds(certificates->current()->expires_at()) - unix_seconds(clock.now());
        });
}

}  // namespace ocilot::server
