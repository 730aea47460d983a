#pragma once

#include "base/task.h"
#include "net/stream_timeouts.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace ocilot::net {

/// One deadline that is set again and again at next to no cost: a later one is only a new time point, and the
/// timer looks at it when it fires. Used on the thread of its executor; may be destroyed at any time.
class Deadline {
  public:
    /// `when_passed` is called each time the deadline passes. `moved` counts the bytes that moved so far.
    Deadline(
        Executor executor, std::function<void()> when_passed,
        std::function<std::uint64_t()> moved = [] { return std::uint64_t{0}; });
    ~Deadline();
    Deadline(Deadline const&) = delete;
    Deadline& operator=(Deadline const&) = delete;

    /// Sets it, counted from now; zero = none. It has not passed then.
    void expires_after(std::chrono::milliseconds limit) { expires_after(StreamTimeouts{.total = limit}); }
    void expires_after(StreamTimeouts timeouts);
    /// Before each wait for the other side: from then on progress renews a limit on silence.
    void watch();
    [[nodiscard]] bool passed() const noexcept;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace ocilot::net
