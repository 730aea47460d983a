#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/change.h"
#include "meta/consumer.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// The readers of the Journal that must miss nothing: webhooks and hooks, each with a place of its own, the
/// id of the last change that it has handled. A change that was not handled for good does not stop what comes
/// after it: it is set aside with the same transaction that moves the place, as a copy that outlives the
/// journal, and is tried again or parked. So at every moment each change is behind the place and done, set
/// aside, or ahead of the place. Thread-safe; Tasks may come from any I/O context.
///
/// Several processes: one at a time works for a consumer, under a lease. One that has lost it without having
/// noticed cannot move the place: `advance` names the place that it moves from. Places are ids, so that the
/// contract of Journal about their order is all that is needed for that no change is missed.
class Consumers {
  public:
    virtual ~Consumers() = default;

    /// The consumer of that name; made, with its place at the last change that there is, if it is new: a
    /// consumer gets what comes, not the past.
    virtual Task<Result<Consumer>> join(std::string name) = 0;
    /// All of them, by name.
    virtual Task<Result<std::vector<Consumer>>> list() = 0;
    /// Forgets it, and what is set aside for it; succeeds if there is none.
    virtual Task<Result<>> remove(std::string name) = 0;

    /// Moves the place, sets aside, releases and saves the state, all or nothing. conflict if the place is
    /// not `from` any more, or there is no such consumer: another process works for it.
    virtual Task<Result<>> advance(ConsumerStep step) = 0;

    /// What is set aside and not parked with greater ids than `after`, least id first, at most `limit`, and
    /// no more once it has enough_change_bytes.
    virtual Task<Result<HeldPage>> waiting(std::string name, std::int64_t after, std::size_t limit) = 0;
    /// What is parked, the same.
    virtual Task<Result<HeldPage>> parked(std::string name, std::int64_t after, std::size_t limit) = 0;
    /// Lets what is parked wait again, due at `now` and marked as a replay: the change `id`, or all. Answers
    /// how many.
    virtual Task<Result<std::size_t>> replay(std::string name, std::optional<std::int64_t> id, Time now) = 0;
    /// Forgets what is parked: the change `id`, or all. Answers how many.
    virtual Task<Result<std::size_t>> discard(std::string name, std::optional<std::int64_t> id) = 0;
    /// Forgets what has been parked since before `time`, at most `limit`; answers how many.
    virtual Task<Result<std::size_t>> expire(Time time, std::size_t limit) = 0;
    /// The least place of all, behind which the journal may be pruned; nullopt without consumers.
    virtual Task<Result<std::optional<std::int64_t>>> slowest() = 0;
};

}  // namespace ocilot::meta
