#pragma once

#include "base/log.h"
#include "jobs/plan_document.h"
#include "jobs/policies_in_force.h"
#include "jobs/rule_inputs.h"
#include "meta/change.h"

namespace ocilot::jobs {

/// A plan to be applied.
struct ApplyRequest {
    std::int64_t plan = 0;
    bool exact = false;  ///< all of it, or nothing if a row has changed
    meta::Actor by = {};
};

/// Whether a plan can be applied: not_found; conflict, with what to do, if it was applied, is not whole, is
/// older than a day, or if the policies that it was made with have changed.
Task<Result<PlanSummary>> applicable_plan(RetentionParts parts, PoliciesInForce& policies, std::int64_t id);

/// Deletes what a plan deletes, as far as its rules, evaluated again as of the time of the plan, still delete
/// it: never anything else. Each deletion is a client's, by the caller `retention` of the kind `system`:
/// hooks are asked, and `restore` undoes it. An error leaves the plan as one that can be applied again; if
/// the policies change meanwhile, that is an error, and the plan is refused.
Task<Result<PlanSummary>> apply_plan(RetentionParts parts, PoliciesInForce& policies, ApplyRequest request,
                                     ImageConfigs& configs, Round const& round, Log const& log);

}  // namespace ocilot::jobs
