#pragma once

#include "meta/history_rules.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <cstdint>

namespace ocilot::meta {

/// See Catalog::forget_history.
Result<HistoryPiece> forget_history(SqliteDb& db, HistoryRules const& rules, std::int64_t after,
                                    std::size_t rows);

}  // namespace ocilot::meta
