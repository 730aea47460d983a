#pragma once

#include "meta/collection_report.h"
#include "meta/sqlite/db.h"

namespace ocilot::meta {

/// Does what a round does and tells what it removed; the caller undoes it. See CollectionReport::plan.
Result<CollectionPlan> plan_round(SqliteDb& db, PlanRequest const& request);

}  // namespace ocilot::meta
