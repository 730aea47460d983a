#pragma once

#include "base/metrics.h"
#include "jobs/apply_plan.h"
#include "jobs/match_rules.h"
#include "jobs/retention_schedule.h"

#include <deque>
#include <mutex>
#include <optional>

namespace ocilot::jobs {

/// `ocilot.retention`.
struct RetentionSettings {
    RetentionRules rules = {};
    bool first_run_applies =
        false;  ///< whether plans of rules that were never applied are applied by the job
    std::chrono::seconds interval{24 * 3600};  ///< of policies without a schedule of their own
};

/// Retention: makes plans of what the rules delete, and applies them. Applying is work of the job
/// `apply-retention`, one at a time for a registry, so that no request waits for it. Thread-safe.
class Retention {
  public:
    Retention(RetentionParts parts, RetentionSettings settings, Log const& log, Metrics& metrics);

    /// A round of the job: applies what was asked for, or else makes a plan of the policies that are due, in
    /// a requested round of all, and applies it, unless the fuse trips, the rules are new or the clock is
    /// doubted: then the plan waits. Answers how much was deleted.
    Task<Result<std::size_t>> round(Round const& round);
    /// When each policy runs.
    Task<Result<RetentionSchedule>> schedule();
    /// Makes a plan for a client.
    Task<Result<PlanSummary>> plan(RetentionRules const& rules, meta::Actor by);
    /// The next round applies a plan. Errors as applicable_plan.
    Task<Result<>> request(ApplyRequest request);
    /// What each of the rules selects now.
    Task<Result<std::vector<PolicyMatch>>> matches(RetentionRules const& rules);
    Task<Result<std::string>> explain(oci::RepositoryName repository, oci::Tag tag);

    [[nodiscard]] RetentionRules const& rules() const noexcept { return settings_.rules; }
    [[nodiscard]] std::chrono::seconds interval() const noexcept { return settings_.interval; }

  private:
    std::optional<ApplyRequest> next_request();
    Task<Result<std::size_t>> apply(ApplyRequest request, Round const& round);
    Task<Result<std::size_t>> scheduled(RetentionSchedule schedule, std::vector<std::string> policies,
                                        Round const& round);
    /// The first round of a process.
    Task<Result<>> begin();
    /// Whether a client asked for plans of all policies, not for a plan to be applied.
    bool wants_all(Round const& round);
    /// The metric of plans that wait.
    Task<Result<>> show_waiting();
    /// Why a plan of these policies waits; empty: it does not.
    [[nodiscard]] std::string wait_of(RetentionSchedule const& schedule,
                                      std::vector<std::string> const& policies) const;
    /// Whether a plan of all these rules was applied before, by a version that kept no schedule.
    Task<Result<bool>> are_known(RetentionRules const& rules);
    Task<Result<>> save(RetentionSchedule const& schedule);
    Task<Result<>> note_applied(PlanSummary const& plan, meta::Actor const& by);
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
    Gauge& next_;
    bool begun_ = false;  // By the job.
    std::mutex mutex_;
    std::deque<ApplyRequest> requests_;
    bool apply_requested_ = false;  // The next round that is asked for is one to apply a plan.
};

}  // namespace ocilot::jobs
