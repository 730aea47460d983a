#pragma once

#include "base/result.h"
#include "base/task.h"
#include "jobs/delivery_health.h"
#include "jobs/delivery_metrics.h"
#include "jobs/delivery_parts.h"
#include "jobs/receiver.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace ocilot::jobs {

/// Delivers the changes of the journal to one receiver, at least once and, within a repository, in order.
/// Reads from the place that the consumer keeps, so that a receiver that is away costs no memory. A change
/// that fails on its own is set aside with all that follows in its repository, and others go on; where
/// nothing is answered, all wait. The place is stored once a second: what was delivered since is delivered
/// again after a crash. Used on the thread of its executor.
class DeliveryLoop {
  public:
    /// `parts` and `receiver` outlive it.
    DeliveryLoop(Executor executor, std::string consumer, Receiver& receiver, DeliveryRules rules,
                 DeliveryParts const& parts);

    [[nodiscard]] std::string const& consumer() const noexcept { return step_.name; }
    /// Until stop() or until it is cancelled. An exception ends a turn, never the loop.
    Task<> run();
    void stop();
    /// There may be something to do. `impatient`: also for a receiver that rests.
    void wake(bool impatient = false);

  private:
    using Ticks = std::chrono::steady_clock;
    /// Changes in a row, and what becomes of them if those to be delivered are.
    struct Group {
        std::vector<meta::Change> wanted = {};
        std::vector<meta::HeldNote> hold = {};
        std::int64_t last = 0;
        std::size_t count = 0;  ///< of all that it is about
    };

    Task<Result<>> guarded_turn();
    /// Until there may be something to do; false if the task was cancelled.
    Task<bool> pause(bool after_error);
    /// Does what can be done now.
    Task<Result<>> turn();
    Task<Result<bool>> hold_lease();
    Task<Result<>> join();
    /// Those that are due of what is set aside.
    Task<Result<>> retry_waiting();
    Task<Result<>> retry_if_due(meta::HeldChange const& held);
    Task<Result<>> retry(meta::HeldChange const& held);
    /// The journal, to its end.
    Task<Result<>> read_on();
    /// Delivers from `changes`, and takes them away; answers how many are behind the place now. If none are,
    /// they have to be read again.
    Task<Result<std::size_t>> take(std::span<meta::Change> changes);
    [[nodiscard]] Group group_of(std::span<meta::Change> changes) const;
    Task<DeliveryAnswer> attempt(std::span<meta::Change const> changes, bool replay);
    /// What is noted of a change that failed alone.
    [[nodiscard]] meta::HeldNote note_of(meta::Change const& change, std::uint64_t attempts,
                                         DeliveryAnswer const& answer);
    void set_aside(Group group);
    /// Stores place and state, if there is anything new; at once, or if it is time.
    Task<Result<>> store(bool at_once);
    void due_at(Time time);
    [[nodiscard]] bool may_go_on() const { return !stopping_ && !health_.rests(parts_.clock.now()); }

    Receiver& receiver_;
    DeliveryRules const rules_;
    DeliveryParts const& parts_;
    DeliveryHealth health_;
    DeliveryMetrics metrics_;
    asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor> timer_;

    bool stopping_ = false;
    bool woken_ = false;
    bool joined_ = false;
    bool look_ = true;  // At what is set aside, though there was nothing.
    Ticks::time_point leased_at_{};
    Ticks::time_point stored_at_{};
    Ticks::time_point due_{};
    meta::ConsumerStep step_;    // From the stored place to that in memory, with what is set aside between.
    bool changed_ = false;       // State or what is set aside: worth storing soon.
    std::uint64_t waiting_ = 0;  // Set aside, and not parked.
    std::set<std::string> blocked_;  // Repositories of these.
    std::int64_t one_by_one_ = 0;    // Up to this change: which of several failed is not known.
};

}  // namespace ocilot::jobs
