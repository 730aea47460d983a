#pragma once

#include "base/clock.h"
#include "registry/registry.h"
#include "retention/policy.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::jobs {

/// When a policy of retention runs.
struct PolicyRun {
    std::string name;
    retention::Schedule schedule = {};
    std::string schedule_text = {};
    std::optional<Time> ran_at = {};  ///< its last scheduled plan
    Time due_at{};
    std::string applied = {};  ///< version of the rules of the last applied plan that had it
};

/// When each policy is due, as it is kept in the metadata from one process to the next.
///
/// Times are those of retention_time(). A pause in which no process noted that it runs is a stop, or a clock
/// that was set forward: nothing tells which, and ages may be wrong. So after a long one plans wait until an
/// administrator applies one.
class RetentionSchedule {
  public:
    /// `stored` is what text() was, empty at first. Policies that are new, or whose schedule has changed, are
    /// due as those of a registry that has just started. `otherwise`: the interval of policies without a
    /// schedule; `zone`: of their times of day.
    RetentionSchedule(std::vector<retention::Policy> const& policies, std::chrono::seconds otherwise,
                      std::string_view stored, Time now, retention::TimeZone zone = {});

    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::vector<PolicyRun> const& runs() const noexcept { return runs_; }
    [[nodiscard]] std::vector<std::string> due(Time now) const;
    [[nodiscard]] std::vector<std::string> names() const;
    /// When the next one is due; nullopt without policies.
    [[nodiscard]] std::optional<Time> next() const;

    /// These have made a plan.
    void ran(std::vector<std::string> const& names, Time now);
    /// These could not: they are due again soon.
    void retry(std::vector<std::string> const& names, Time now);
    /// A plan of these was applied.
    void applied(std::vector<std::string> const& names, std::string const& version);
    /// Whether a plan of each was applied with this version of the rules.
    [[nodiscard]] bool knows(std::vector<std::string> const& names, std::string const& version) const;

    /// A process starts: true if the pause before it was so long that the clock is doubted from now on.
    bool start(Time now);
    /// Notes that a process runs: true if that is to be stored.
    bool heartbeat(Time now);
    /// Whether its policies are other than those that were stored.
    [[nodiscard]] bool has_changed() const noexcept { return has_changed_; }
    [[nodiscard]] bool clock_is_doubted() const noexcept { return clock_is_doubted_; }
    void trust_clock() noexcept { clock_is_doubted_ = false; }

  private:
    [[nodiscard]] Time first_due(retention::Schedule const& schedule, Time now) const;
    [[nodiscard]] PolicyRun* find(std::string_view name) noexcept;

    [[nodiscard]] Time next_after(retention::Schedule const& schedule, Time last) const;

    std::chrono::seconds otherwise_;
    retention::TimeZone zone_;
    std::vector<PolicyRun> runs_;
    std::optional<Time> seen_at_;
    bool clock_is_doubted_ = false;
    bool has_changed_ = false;
};

/// The time by which retention decides: the system's, but never later than the clock that nobody sets. Where
/// the system's clock is set forward while a process runs, nothing gets older by it.
[[nodiscard]] Time retention_time(registry::Registry const& registry);

}  // namespace ocilot::jobs
