#pragma once

#include "base/task_group.h"
#include "jobs/delivery_loop.h"
#include "jobs/hook_receiver.h"
#include "meta/commit_waiter.h"
#include "policy/feed.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::jobs {

/// Tells hook scripts what has happened, each from a place of its own, and follows the listeners of a feed as
/// they change. run() lives on the thread of the executor; all else is thread-safe. not_found for a script
/// that has no place.
class HookDeliveries {
  public:
    HookDeliveries(Executor executor, policy::Feed& feed, DeliveryParts parts);
    ~HookDeliveries();
    HookDeliveries(HookDeliveries const&) = delete;
    HookDeliveries& operator=(HookDeliveries const&) = delete;

    /// Gives each listener that is new its place: before the first push is answered, so that none is missed.
    Task<Result<>> join();
    /// Delivers until stop(). Forgets the places of scripts that listen no more.
    Task<> run();
    /// Does that alone, where no scripts are loaded.
    Task<Result<>> forget_removed();
    /// Ends what is being told, and run() with it. Returns at once.
    void stop();

    /// The consumer of each script, by its name.
    Task<Result<std::vector<meta::Consumer>>> list() const;
    Task<Result<meta::HeldPage>> parked(std::string_view script, std::int64_t after, std::size_t limit) const;
    /// Tells what is parked again: the change `id`, or all. Answers how many.
    Task<Result<std::size_t>> replay(std::string_view script, std::optional<std::int64_t> id);
    /// Forgets what is parked: the change `id`, or all. Answers how many.
    Task<Result<std::size_t>> discard(std::string_view script, std::optional<std::int64_t> id);

  private:
    struct Script;

    Task<Result<std::string>> consumer_of(std::string_view script) const;
    /// Starts and ends loops, so that they are those of the listeners.
    Task<> adopt();
    Task<Result<>> measure();
    Task<> end_script(Script& script);
    void wake(std::string const& consumer);

    Executor executor_;
    policy::Feed& feed_;
    DeliveryParts const parts_;
    std::vector<std::unique_ptr<Script>> scripts_;
    std::optional<meta::CommitWaiter> waiter_;  // While run() runs.
    std::uint64_t generation_ = 0;
    std::atomic<bool> stopping_{false};
};

}  // namespace ocilot::jobs
