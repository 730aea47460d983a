#pragma once

#include <atomic>
#include <chrono>

namespace ocilot::server {

class Session;

/// A session's place in the list.
struct IdleLink {
    Session* before = nullptr;
    Session* after = nullptr;
    std::chrono::steady_clock::time_point since{};
    bool listed = false;
};

/// The sessions of one listener that wait for a request, the longest idle first. Used on the listener's
/// thread; only `oldest` may be asked by any. Costs no memory beside the sessions.
class IdleSessions {
  public:
    using Ticks = std::chrono::steady_clock;

    void add(Session& session) noexcept;
    /// Does nothing if it is not in the list.
    void remove(Session& session) noexcept;
    /// Null if none is idle.
    [[nodiscard]] Session* longest() const noexcept { return first_; }
    /// Since when the longest idle one is idle; the greatest time if there is none.
    [[nodiscard]] Ticks::time_point oldest() const noexcept {
        return Ticks::time_point(Ticks::duration(oldest_.load(std::memory_order_relaxed)));
    }

  private:
    void set_first(Session* session) noexcept;

    Session* first_ = nullptr;
    Session* last_ = nullptr;
    std::atomic<Ticks::rep> oldest_{Ticks::time_point::max().time_since_epoch().count()};
};

}  // namespace ocilot::server
