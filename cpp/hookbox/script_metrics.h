#pragma once

#include "base/metrics.h"

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ocilot::hookbox {

/// What whoever answers tells of each script. Thread-safe.
class ScriptMetrics {
  public:
    explicit ScriptMetrics(Metrics& metrics) noexcept : metrics_(metrics) {}

    /// One call of a hook: how it ended and how long it took.
    void count(std::string_view script, std::string_view point, std::string_view outcome, double seconds);
    /// `generation` and `reload_failed` of all scripts, `stuck` (threads that do not come back) of one. False
    /// for any other name.
    bool set(std::string_view name, std::string_view script, std::int64_t value);

  private:
    struct Series {
        Counter& calls;
        Histogram& seconds;
    };

    Metrics& metrics_;
    std::mutex mutex_;
    std::unordered_map<std::string, Series> series_;  // By script, point and outcome.
};

}  // namespace ocilot::hookbox
