#pragma once

#include "base/log.h"
#include "meta/caller_counting.h"
#include "meta/sqlite/db.h"

namespace ocilot::meta {

/// Begins or ends counting, unless it is as wanted. The begin reads all links, manifests and tags once.
/// Counts are kept by triggers, which exist while they are wanted: without a quota of callers a push pays
/// nothing.
Result<> set_caller_counting(SqliteDb& db, CallerCounting wanted, Log const& log);

}  // namespace ocilot::meta
