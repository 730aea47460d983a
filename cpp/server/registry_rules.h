#pragma once

#include "base/result.h"
#include "jobs/collector.h"
#include "meta/caller_counting.h"
#include "registry/registry.h"
#include "server/settings/settings.h"

#include <string>

namespace ocilot::server {

/// What the settings say about operations. config if a pattern is none.
Result<registry::Rules> rules_of(Settings const& settings);

/// The same about the garbage collection of the data directory `root`, which is empty in memory; `owns_store`
/// as owns_blobs answers.
[[nodiscard]] jobs::CollectRules collect_rules_of(Settings const& settings, std::string const& root,
                                                  bool owns_store);

/// Callers are counted while one of the quotas is of callers: without any, no push pays for it.
[[nodiscard]] meta::CallerCounting counting_of(Settings const& settings);

}  // namespace ocilot::server
