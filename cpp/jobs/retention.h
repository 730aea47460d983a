#pragma once

#include "base/metrics.h"
#include "jobs/apply_plan.h"

#include <deque>
#include <mutex>
#include <optional>

namespace ocilot::jobs {

/// `ocilot.retention`.
struct RetentionSettings {
    RetentionRules rules = {};
    bool first_run_applies =
        false;  ///< whether plans of rules that were never applied are applied by the job
};

/// Retention: makes plans of what the rules delete, and applies them. Applying is work of the job
/// `apply-retention`, one at a time for a registry, so that no request waits for it. Thread-safe.
class Retention {
  public:
    Retention(RetentionParts parts, RetentionSettings settings, Log const& log, Metrics& metrics);

    /// A round of the job: applies what was asked for, or else makes a plan of the configured rules and
    /// applies it, unless the fuse trips or the rules are new: then the plan waits. Answers how much was
    /// deleted.
    Task<Result<std::size_t>> round(Round const& round);
    /// Makes a plan for a client.
    Task<Result<PlanSummary>> plan(RetentionRules const& rules, meta::Actor by);
    /// The next round applies a plan. Errors as applicable_plan.
    Task<Result<>> request(ApplyRequest request);
    Task<Result<std::string>> explain(oci::RepositoryName repository, oci::Tag tag);

    [[nodiscard]] RetentionRules const& rules() const noexcept { return settings_.rules; }

  private:
    std::optional<ApplyRequest> next_request();
    Task<Result<std::size_t>> apply(ApplyRequest request, Round const& round);
    Task<Result<std::size_t>> scheduled(Round const& round);
    /// Whether a plan of these rules was applied before.
    Task<Result<bool>> are_known(RetentionRules const& rules);
    Task<Result<>> note(meta::ChangeKind kind, PlanSummary const& plan, meta::Actor by);

    RetentionParts parts_;
    RetentionSettings const settings_;
    Log const& log_;
    ImageConfigs configs_{kept_image_configs};
    Counter& tags_;
    Counter& manifests_;
    Counter& skipped_;
    Counter& denied_;
    Gauge& waiting_;
    std::mutex mutex_;
    std::deque<ApplyRequest> requests_;
};

/// Seconds until the next scheduled plan is due: none was made for an interval since the last one.
Task<Result<std::size_t>> retention_due_in(registry::Registry& registry, std::chrono::seconds interval);

}  // namespace ocilot::jobs
