#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// One thing that happened: a change, or a refusal.
struct JournalEntry {
    std::int64_t id = 0;  ///< grows; 0 before it is written
    Time at{};
    std::string action;  ///< `manifest.push`, `tag.delete`, `account.add`, `login`, ...
    bool refused = false;
    Actor by;
    std::string repository = {};  ///< empty if it is about none
    std::string subject = {};     ///< tag, digest, account, token id, ...
    std::string detail = {};      ///< why it was refused, or what changed
    std::uint64_t times = 1;      ///< equal refusals within a short time are one entry
};

/// Which entries; all that is given has to fit.
struct JournalQuery {
    std::optional<std::int64_t> before = {};  ///< entries that come after this one; none if it is forgotten
    std::optional<Time> since = {};
    std::optional<Time> until = {};  ///< exclusive
    std::string by = {};
    std::string repository = {};
    std::string action = {};  ///< exactly, or with a `.` at its end all that begin so: `account.`
    std::optional<bool> refused = {};
    std::size_t limit = 100;
};

/// Who changed what, and who was refused. Changes are noted by the transactions that make them. Thread-safe;
/// Tasks may come from any I/O context.
class Journal {
  public:
    virtual ~Journal() = default;
    /// Adds entries that no other transaction notes: refusals, reloads.
    virtual Task<Result<>> append(std::vector<JournalEntry> entries) = 0;
    /// Youngest first, by time and then by id.
    virtual Task<Result<std::vector<JournalEntry>>> entries(JournalQuery query) = 0;
    /// Removes at most `limit` entries older than `time`; answers how many.
    virtual Task<Result<std::size_t>> forget_before(Time time, std::size_t limit) = 0;
};

}  // namespace ocilot::meta
