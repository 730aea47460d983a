#pragma once

#include "base/blocking_pool.h"
#include "base/log.h"
#include "net/tls_certificates.h"

namespace ocilot::server {

/// Looks once a second whether certificate or key have changed and puts the new pair in force; each attempt
/// is one log line. A pair that does not fit leaves the old one in force. Runs until cancelled.
Task<> watch_certificates(net::TlsCertificates& certificates, BlockingPool& pool, Log const& log);

}  // namespace ocilot::server
