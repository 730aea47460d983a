#pragma once

#include "jobs/plan_document.h"
#include "jobs/rule_inputs.h"

namespace ocilot::jobs {

/// Evaluates the rules over all repositories that they match, and stores what would be deleted. `draft` has
/// who makes the plan, whether it is scheduled, and why it waits, if it does for another reason than the
/// fuse. Changes nothing else.
Task<Result<PlanSummary>> make_plan(RetentionParts parts, RetentionRules const& rules, ImageConfigs& configs,
                                    PlanSummary draft, Round const& round);

}  // namespace ocilot::jobs
