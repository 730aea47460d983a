#pragma once

#include "base/task.h"
#include "meta/commit_signal.h"

#include <chrono>
#include <memory>

namespace ocilot::meta {

/// A reader of the Journal that waits for commits, used on the thread of its executor only. A commit before a
/// wait ends that wait at once: none is missed between a look into the journal and the wait.
class CommitWaiter {
  public:
    CommitWaiter(CommitSignal& signal, Executor executor);

    /// Returns after a commit of this process, after wake(), or after `limit`.
    Task<> wait(std::chrono::milliseconds limit);
    /// Ends the wait under way, or else the next one.
    void wake();

  private:
    struct State;
    std::shared_ptr<State> state_;
    CommitSignal::Subscription subscription_;
};

}  // namespace ocilot::meta
