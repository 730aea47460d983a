#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace ocilot::meta {

/// Tells those who wait for changes that there may be some. Thread-safe. Costs one load where nobody waits.
class CommitSignal {
  public:
    /// Calls `call` at each commit, on the thread that commits: it returns at once, throws nothing and asks
    /// nothing of this. Until the subscription ends; it must not outlive the signal.
    class Subscription {
      public:
        Subscription(CommitSignal& signal, std::function<void()> call);
        ~Subscription();
        Subscription(Subscription const&) = delete;
        Subscription& operator=(Subscription const&) = delete;

      private:
        CommitSignal& signal_;
        std::uint64_t number_;
    };

    void notify();

  private:
    std::mutex mutex_;
    std::atomic<std::size_t> count_{0};
    std::uint64_t next_ = 0;
    std::map<std::uint64_t, std::function<void()>> calls_;
};

}  // namespace ocilot::meta
