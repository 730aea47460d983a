#pragma once

#include "meta/candidate.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <vector>

namespace ocilot::meta {

/// See Collection::due.
Result<std::vector<Candidate>> read_due(SqliteDb& db, ReviewCutoffs const& cutoffs, std::size_t count);

}  // namespace ocilot::meta
