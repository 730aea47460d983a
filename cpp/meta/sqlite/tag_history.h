#pragma once

#include "meta/history_rules.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <cstdint>

namespace ocilot::meta {

/// See Catalog::prune_history.
Result<PruneResult> prune_history(SqliteDb& db, HistoryRules const& rules, std::int64_t after,
                                  std::size_t rows);

}  // namespace ocilot::meta
