#pragma once

#include "meta/content_report.h"
#include "meta/sqlite/db.h"

namespace ocilot::meta {

/// Does what a round does and tells what it removed; the caller undoes it. See ContentReport::plan.
Result<CollectionPlan> plan_round(SqliteDb& db, PlanRequest const& request);

}  // namespace ocilot::meta
