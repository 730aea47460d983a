#pragma once

#include "base/metrics.h"
#include "jobs/apply_plan.h"
#include "jobs/match_rules.h"
#include "jobs/policies_in_force.h"
#include "jobs/retention_schedule.h"

#include <deque>
#include <mutex>
#include <optional>

namespace ocilot::jobs {

/// `ocilot.retention`.
struct RetentionSettings {
    RetentionRules rules = {};  ///< of the configuration
    bool first_run_applies =
        false;  ///< whether plans of rules that were never applied are applied by the job
    std::chrono::seconds interval{24 * 3600};  ///< of policies without a schedule of their own
    retention::TimeZone zone = {};             ///< of their times of day
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
    /// A round of the job `pin-images`: see pin_images.
    Task<Result<std::size_t>> pin(Round const& round);
    /// When each of these policies runs.
    Task<Result<RetentionSchedule>> schedule(RetentionRules const& rules);
    /// Makes a plan for a client, of the policies in force or of others to try.
    Task<Result<PlanSummary>> plan(std::optional<RetentionRules> tried, meta::Actor by);
    /// The next round applies a plan. Errors as applicable_plan.
    Task<Result<>> request(ApplyRequest request);
    /// What each of the rules in force selects now, or of others.
    Task<Result<std::vector<PolicyMatch>>> matches(std::optional<RetentionRules> tried);
    Task<Result<std::string>> explain(oci::RepositoryName repository, oci::Tag tag);
    /// Ends what is made for clients, from any thread: it answers `cancelled`.
    void stop();

    [[nodiscard]] PoliciesInForce& policies() noexcept { return policies_; }
    [[nodiscard]] std::chrono::seconds interval() const noexcept { return interval_; }
    [[nodiscard]] retention::TimeZone const& zone() const noexcept { return zone_; }

  private:
    std::optional<ApplyRequest> next_request();
    /// All that clients have asked for; nullopt: nothing.
    Task<Result<std::optional<std::size_t>>> apply_requested(Round const& round);
    Task<Result<std::size_t>> apply(ApplyRequest request, Round const& round);
    Task<Result<std::size_t>> scheduled(RetentionRules rules, RetentionSchedule schedule,
                                        std::vector<std::string> policies, Round const& round);
    /// The first round of a process.
    Task<Result<>> begin(RetentionRules const& rules);
    Task<Result<RetentionRules>> chosen(std::optional<RetentionRules> tried);
    Task<Result<PlanSummary>> make_for_client(std::optional<RetentionRules> tried, meta::Actor by);
    Task<Result<std::vector<PolicyMatch>>> match_for_client(std::optional<RetentionRules> tried);
    Task<Result<std::string>> explain_to_client(oci::RepositoryName repository, oci::Tag tag);
    /// Whether a client asked for plans of all policies, not for a plan to be applied.
    bool wants_all(Round const& round);
    /// Removes old plans. Those that clients made take no place of one that the job made, which may wait.
    Task<Result<>> forget_plans();
    /// A plan whose application was interrupted, and which can never be applied any more, is over. Only for
    /// the job, while it applies none.
    Task<Result<>> refuse_interrupted();
    /// The metric of plans that wait. Those of other rules than these cannot be applied.
    Task<Result<>> show_waiting(std::string const& version);
    /// Why a plan of these policies waits; empty: it does not.
    [[nodiscard]] std::string wait_of(RetentionSchedule const& schedule,
                                      std::vector<std::string> const& policies,
                                      std::string const& version) const;
    /// Whether a plan of all these rules was applied before, by a version that kept no schedule.
    Task<Result<bool>> are_known(RetentionRules const& rules);
    Task<Result<>> save(RetentionSchedule const& schedule);
    Task<Result<>> note_applied(PlanSummary const& plan, meta::Actor const& by);
    Task<Result<>> note(meta::ChangeKind kind, PlanSummary const& plan, meta::Actor by);

    RetentionParts parts_;
    PoliciesInForce policies_;
    bool const first_run_applies_;
    std::chrono::seconds const interval_;
    retention::TimeZone const zone_;
    Log const& log_;
    ImageConfigs configs_{kept_image_configs};
    Round for_clients_;
    Counter& tags_;
    Counter& manifests_;
    Counter& skipped_;
    Counter& denied_;
    Gauge& waiting_;
    Gauge& next_;
    bool begun_ = false;         // By the job.
    std::string shown_version_;  // Of the rules whose waiting plans the metric shows.
    std::mutex mutex_;
    std::deque<ApplyRequest> requests_;
    bool apply_requested_ = false;  // The next round that is asked for is one to apply a plan.
};

}  // namespace ocilot::jobs
