#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "meta/journal.h"
#include "policy/caller.h"

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::auth {

/// What no transaction notes in the journal, refusals above all: gathered in memory, equal ones joined, until
/// flush() writes them. Whoever is refused very often makes few entries a second. Thread-safe.
class Refusals {
  public:
    static constexpr std::size_t max_entries =
        1000;  ///< different ones between two flushes; more are only counted
    /// The same, of one address: what it does beyond is one entry that names no more than the address.
    static constexpr std::size_t max_per_address = 20;

    Refusals(meta::Journal& journal, Clock const& clock, Metrics& metrics);

    /// Login, access, admit or limit: who was refused what, and why.
    void note(meta::ChangeKind kind, policy::Caller const& by, std::string_view repository,
              std::string_view what, std::string_view why);
    /// Something else that happened; its time is set here, and names and reasons are cut as those of
    /// refusals.
    void note(meta::Change change);

    /// Writes what was gathered; what cannot be written is lost, and said so in the answer.
    Task<Result<std::size_t>> flush();

  private:
    meta::Journal& journal_;
    Clock const& clock_;
    Counter& dropped_;
    std::mutex mutex_;
    std::map<std::string, meta::Change> gathered_;   // By everything but their times.
    std::map<std::string, std::size_t> of_address_;  // Different ones.
};

}  // namespace ocilot::auth
