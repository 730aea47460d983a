#pragma once

#include "base/metrics.h"
#include "base/suspend.h"
#include "registry/registry.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace ocilot::http {

/// What a probe of the stores found, and when it was started.
struct Probe {
    Time at;
    std::string_view trouble = {};  ///< literal; empty: the stores answer
    bool full = false;              ///< they answer that no space is left: what is there can be read
};

/// Whether the stores answer. A probe writes and syncs, so callers share it: one that runs is waited for,
/// and one that succeeded is not repeated within a second. What failed is probed again when it is asked for.
/// Thread-safe.
class Readiness {
  public:
    static constexpr std::chrono::seconds fresh{1};
    /// A probe that runs for longer is taken for one that failed, and is no longer waited for.
    static constexpr std::chrono::seconds patience{5};

    Readiness(registry::Registry& registry, Metrics& metrics);

    Task<Probe> probe();

  private:
    /// What is known without another probe; nullopt: the caller has to make one, or to wait for the one that
    /// runs.
    std::optional<Probe> known(Time now);
    Task<> look(Probe& probe);
    void finish(Probe probe);

    registry::Registry& registry_;
    Counter& ready_;
    Counter& failed_;
    std::mutex mutex_;
    std::optional<Probe> last_;
    std::optional<Time> running_since_;  // Empty: none runs.
    std::vector<Resume<Probe>> waiting_;
};

}  // namespace ocilot::http
