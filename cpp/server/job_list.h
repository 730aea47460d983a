#pragma once

#include "auth/refusals.h"
#include "base/blocking_pool.h"
#include "blob/upkeep.h"
#include "jobs/collector.h"
#include "jobs/job.h"
#include "jobs/retention.h"
#include "net/tls_certificates.h"
#include "registry/registry.h"
#include "server/access.h"
#include "server/settings/settings.h"

#include <vector>

namespace ocilot::server {

/// What the jobs of a registry work on; borrowed.
struct JobListParts {
    Settings const& settings;
    registry::Registry& registry;
    blob::BlobUpkeep& blobs;
    jobs::Collector& collector;
    jobs::Retention& retention;
    auth::Refusals& refusals;
    AccessControl& access;
    net::TlsCertificates* certificates;  ///< null without TLS
    BlockingPool& pool;
    Log const& log;
    Metrics& metrics;
};

/// Every job of a registry with these settings. A job that the settings switch off is in the list, disabled;
/// one that has nothing to work on is not. Fails if the metadata cannot be read.
Result<std::vector<jobs::Job>> job_list(JobListParts parts);

}  // namespace ocilot::server
