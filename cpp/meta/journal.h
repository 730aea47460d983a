#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/change.h"
#include "meta/commit_signal.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// Which changes; all that is given has to fit.
struct JournalQuery {
    std::optional<std::int64_t> before = {};  ///< changes that come after this one; none if it is forgotten
    std::optional<Time> since = {};
    std::optional<Time> until = {};  ///< exclusive
    std::string by = {};
    std::string repository = {};
    /// Exactly, or with a `.` at its end all that begin so: `account.`. Empty: all but pulls, which would
    /// crowd out the others.
    std::string action = {};
    std::optional<bool> refused = {};
    std::size_t limit = 100;
};

struct ChangePage {
    std::vector<Change> items = {};
    bool more = false;  ///< it ended at a bound, not at the end: there may be more
};

/// The one log of changes and refusals. Each transaction that changes facts writes its changes itself, so
/// that a change is in the log exactly if it happened. People read it as a journal, by time; consumers read
/// it as an outbox, by id, each with its own place. Thread-safe; Tasks may come from any I/O context.
///
/// Order of ids. Once `after` has answered a change, no change with a smaller id appears later: a consumer
/// that keeps the id of the last change that it has handled misses none and gets none twice. Where one
/// process writes (SQLite), ids are in the order of commits, and gaps mean only that older ones are
/// forgotten. Where several processes write, ids are given before the commit and so are not in its order:
/// there `after` has to hold back changes above the lowest id that may still be committed. Ids are never
/// given twice. Times are those of the writers' clocks: they are not in the order of ids.
class Journal {
  public:
    virtual ~Journal() = default;
    /// Adds changes that no other transaction notes: refusals, reloads.
    virtual Task<Result<>> append(std::vector<Change> changes) = 0;
    /// Youngest first, by time and then by id; no more once they have enough_change_bytes.
    virtual Task<Result<ChangePage>> entries(JournalQuery query) = 0;
    /// Changes with greater ids than `id`, least id first, at most `limit`, and no more once they have
    /// enough_change_bytes. With 0 from the oldest that is kept: a consumer whose place lies before it has
    /// missed what was forgotten.
    virtual Task<Result<ChangePage>> after(std::int64_t id, std::size_t limit) = 0;
    /// Names of repositories in changes with greater ids than `id`, up to `through`; refusals do not count.
    /// Each name once.
    virtual Task<Result<std::vector<std::string>>> repositories_after(std::int64_t id,
                                                                      std::int64_t through) = 0;
    /// The greatest id that `after` would answer now, where a consumer starts that wants only what comes; 0
    /// if there never was a change.
    virtual Task<Result<std::int64_t>> last() = 0;
    /// Removes at most `limit` changes older than `time` whose ids are not greater than `through`, never the
    /// one with the greatest id of all; answers how many.
    virtual Task<Result<std::size_t>> prune_before(Time time, std::int64_t through, std::size_t limit) = 0;
    /// Notified soon after this process has committed changes. Those of other processes are found by asking.
    [[nodiscard]] virtual CommitSignal& committed() noexcept = 0;
};

}  // namespace ocilot::meta
