#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "net/tls_certificates.h"

namespace ocilot::server {

/// Adds the metrics of the process itself: its version, and when its certificate (null: it has none) expires.
/// They look at clock and certificate whenever metrics are read.
void describe_process(Metrics& metrics, Clock const& clock, net::TlsCertificates const* certificates);

}  // namespace ocilot::server
