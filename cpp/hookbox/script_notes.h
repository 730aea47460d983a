#pragma once

#include "base/log.h"
#include "base/metrics.h"

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace ocilot::hookbox {

/// What whoever runs the scripts has to say about them: for the metrics and for the log. Thread-safe.
class ScriptNotes {
  public:
    ScriptNotes(Metrics& metrics, Log const& log) noexcept : metrics_(metrics), log_(log) {}

    /// One call of a script's hook. Scripts, points and outcomes have to be few.
    void count(std::string_view script, std::string_view point, std::string_view outcome, double seconds);
    /// Calls of a script that were given up and have not come back.
    void set_stuck(std::string_view script, std::int64_t calls);
    /// Which load of the scripts is in force, and whether a later one failed.
    void set_generation(std::int64_t number, bool reload_failed);
    /// A line about a script, or about all if it is empty.
    void write(LogLevel level, std::string_view text, std::string_view script) const;

  private:
    struct Key {
        std::string_view script;
        std::string_view point;
        std::string_view outcome;
        friend auto operator<=>(Key const&, Key const&) = default;
    };
    struct Series {
        Counter& calls;
        Histogram& seconds;
    };
    Series const& series(Key const& key);

    Metrics& metrics_;
    Log const& log_;
    std::mutex mutex_;
    std::set<std::string, std::less<>> words_;  // Where the words of the keys stay.
    std::map<Key, Series> series_;
};

}  // namespace ocilot::hookbox
