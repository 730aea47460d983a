#pragma once

#include "meta/retention.h"
#include "retention/evaluate.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::jobs {

// States of a plan.
inline constexpr std::string_view plan_making = "making";    ///< not whole yet, or its making was interrupted
inline constexpr std::string_view plan_ready = "ready";      ///< can be applied
inline constexpr std::string_view plan_waiting = "waiting";  ///< can be applied by an administrator only
inline constexpr std::string_view plan_applying = "applying";  ///< under way, or interrupted: apply it again
inline constexpr std::string_view plan_applied = "applied";
/// Asked for exactly, and something has changed; or interrupted, and its policies have changed or it is old.
inline constexpr std::string_view plan_refused = "refused";

/// What was or would be done.
struct PlanCounts {
    std::uint64_t repositories = 0;  ///< that a policy matches
    std::uint64_t tags = 0;          ///< of these
    std::uint64_t delete_tags = 0;
    std::uint64_t delete_manifests = 0;
    std::uint64_t bytes = 0;     ///< that become free, as far as no other repository holds them
    std::uint64_t untagged = 0;  ///< manifests without a tag, a parent and a subject
};

/// What became of the rows of a plan.
struct ApplyCounts {
    std::uint64_t tags = 0;       ///< deleted
    std::uint64_t manifests = 0;  ///< deleted
    std::uint64_t skipped = 0;    ///< changed since the plan was made
    std::uint64_t denied = 0;     ///< by a hook
};

/// A plan without its rows: what is stored as RetentionPlan::content.
struct PlanSummary {
    std::int64_t id = 0;
    Time made_at{};
    std::string state = std::string(plan_making);
    std::string made_by = {};
    std::string rules = {};                  ///< policies as JSON
    std::string version = {};                ///< of the rules
    bool in_force = false;                   ///< made with the policies in force, not with others to try
    bool scheduled = false;                  ///< made by the job: has rows of deletions only
    std::vector<std::string> policies = {};  ///< whose `delete` rules it applies; empty: all
    std::string waits = {};                  ///< why it waits
    PlanCounts counts = {};
    std::optional<Time> applied_at = {};
    std::string applied_by = {};
    ApplyCounts result = {};
    std::string error = {};  ///< of the last try to apply it
};

[[nodiscard]] meta::RetentionPlan stored_plan(PlanSummary const& plan);
/// io if it is damaged.
[[nodiscard]] Result<PlanSummary> plan_of(meta::RetentionPlan const& stored);

/// The version of rules: the same for the same text.
[[nodiscard]] std::string version_of(std::string_view rules);

/// The rows of a repository in pieces, numbered from `number` on; those of deletions first. Without `all`
/// only these.
[[nodiscard]] std::vector<meta::PlanPiece> pieces_of(std::vector<retention::Policy> const& policies,
                                                     retention::View const& view,
                                                     retention::Outcome const& outcome, bool all,
                                                     std::int64_t& number);

/// One row as the API shows it.
[[nodiscard]] std::string row_json(std::vector<retention::Policy> const& policies,
                                   retention::View const& view, retention::Row const& row);

/// One row of a deletion, read again.
struct PlannedRow {
    std::string tag;  ///< empty: the manifest
    oci::Digest digest;
    std::string rule = {};  ///< that deletes it
};
[[nodiscard]] Result<std::vector<PlannedRow>> planned_rows(std::string const& rows);

}  // namespace ocilot::jobs
