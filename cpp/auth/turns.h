#pragma once

#include "base/suspend.h"

#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace ocilot::auth {

/// Lets one Task at a time do what several want to do alike; the others wait in line. Thread-safe.
class Turns {
  public:
    /// The right to go on. Ends with its life, and the next in line has it.
    class Turn {
      public:
        Turn(Turns& turns, std::string key, bool waited) noexcept
            : turns_(&turns), key_(std::move(key)), waited_(waited) {}
        Turn(Turn&& other) noexcept
            : turns_(std::exchange(other.turns_, nullptr)),
              key_(std::move(other.key_)),
              waited_(other.waited_) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn() {
            if (turns_ != nullptr) turns_->end(key_);
        }

        /// Whether somebody else had a turn meanwhile.
        [[nodiscard]] bool waited() const noexcept { return waited_; }

      private:
        Turns* turns_;
        std::string key_;
        bool waited_;
    };

    /// Waits for a turn among those with this key.
    Task<Turn> take(std::string key);

  private:
    [[nodiscard]] bool begin(std::string const& key);
    void line_up(std::string const& key, Resume<bool> resume);
    void end(std::string const& key);

    std::mutex mutex_;
    std::unordered_map<std::string, std::deque<Resume<bool>>> lines_;  // There is one for each turn.
};

}  // namespace ocilot::auth
