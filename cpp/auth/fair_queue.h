#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/suspend.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ocilot::auth {

/// Limits of a FairQueue.
struct FairQueueRules {
    std::size_t slots = 1;                  ///< requests that work at once
    std::size_t slots_per_key = 1;          ///< those of one key
    std::size_t queue_per_key = 64;         ///< those of one key that wait; one more is refused
    std::chrono::seconds longest_wait{10};  ///< a request that waited longer is refused
};

/// Hands out a bounded number of slots for work, in turns by key: a key with many requests waits for its
/// own, not the others for it. A key is what shall be treated equally, such as the address of a client. A
/// request that waits holds no thread. Thread-safe; outlives all its slots.
class FairQueue {
  public:
    /// The right to work. Ends with its life, and the next in line has it.
    class Slot {
      public:
        Slot(FairQueue& queue, std::string key, bool waited) noexcept
            : queue_(&queue), key_(std::move(key)), waited_(waited) {}
        Slot(Slot&& other) noexcept
            : queue_(std::exchange(other.queue_, nullptr)),
              key_(std::move(other.key_)),
              waited_(other.waited_) {}
        Slot& operator=(Slot&&) = delete;
        ~Slot() {
            if (queue_ != nullptr) queue_->leave(key_);
        }

        /// Whether others worked meanwhile.
        [[nodiscard]] bool waited() const noexcept { return waited_; }

      private:
        FairQueue* queue_;
        std::string key_;
        bool waited_;
    };

    /// `name`: in metrics, such as `hash`.
    FairQueue(FairQueueRules rules, std::string_view name, Clock const& clock, Metrics& metrics);
    FairQueue(FairQueue const&) = delete;
    FairQueue& operator=(FairQueue const&) = delete;

    /// Waits for a place. too_many_requests if the line of the key is full, or moved too slowly.
    Task<Result<Slot>> enter(std::string key);

  private:
    struct Waiter {
        Resume<bool> resume;  // With whether there is a place.
        Time since;
    };
    struct KeyQueue {
        std::size_t working = 0;
        std::deque<Waiter> waiting;
    };
    enum class Entry : std::uint8_t { granted, waits, refused };
    using Answers = std::vector<std::pair<Resume<bool>, bool>>;

    [[nodiscard]] Entry try_enter(std::string const& key);
    void wait(std::string const& key, Resume<bool> resume);
    void leave(std::string const& key);
    /// Hands out free slots, and answers those that waited too long. Under the lock.
    void hand_out(Answers& answers);
    void take_next(std::string const& key, Answers& answers);
    [[nodiscard]] Error refused(std::string const& key);

    FairQueueRules const rules_;
    Clock const& clock_;
    Gauge& working_now_;
    Gauge& waiting_now_;
    Counter& refused_;
    std::mutex mutex_;  // Guards what follows.
    std::size_t working_ = 0;
    std::unordered_map<std::string, KeyQueue> queues_;  // Those in which somebody works or waits.
    std::deque<std::string> round_robin_;  // Keys whose next may work as soon as there is a place.
};

}  // namespace ocilot::auth
