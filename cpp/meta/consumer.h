#pragma once

#include "base/clock.h"
#include "meta/change.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// How a consumer fares.
struct ConsumerState {
    std::uint64_t failures = 0;                ///< attempts that failed since the last that did not
    std::optional<Time> failing_since = {};    ///< the first of them
    std::optional<Time> next_attempt = {};     ///< not before; absent: at once
    std::string last_error = {};               ///< of the last attempt that failed, kept after a success
    std::optional<Time> last_success_at = {};  ///< the last attempt that did not fail
    friend bool operator==(ConsumerState const&, ConsumerState const&) = default;
};

/// A reader of the Journal with a place of its own; see Consumers.
struct Consumer {
    std::string name;        ///< `webhook:NAME`, `hook:SCRIPT`
    std::int64_t place = 0;  ///< id of the last change that was handled or set aside
    ConsumerState state = {};
    std::uint64_t waiting = 0;  ///< set aside, to be tried again
    std::uint64_t parked = 0;   ///< set aside for good, unless replayed
    std::uint64_t behind = 0;   ///< changes ahead of the place; an upper bound where ids have gaps
    std::optional<Time> behind_since = {};  ///< time of the first of them
};

/// A change that is set aside for one consumer: a copy, so that the journal can be pruned.
struct HeldChange {
    Change change;
    std::uint64_t attempts = 0;  ///< that failed; 0 for one that waits behind another of its repository
    Time since{};                ///< when it was set aside
    Time next_attempt{};
    std::string error = {};  ///< of the last attempt
    bool replay = false;     ///< was parked before
};

/// Some of these by the ids of their changes, least first.
struct HeldPage {
    std::vector<HeldChange> items = {};
    bool more = false;  ///< it ended at a bound, not at the end: there may be more
};

/// What an attempt made of a change.
struct HeldNote {
    std::int64_t id = 0;  ///< of the change
    std::uint64_t attempts = 0;
    Time next_attempt{};
    std::string error = {};
    bool parked = false;
};

/// One step of a consumer: a transaction.
struct ConsumerStep {
    std::string name;
    std::int64_t from = 0;                   ///< its place before
    std::int64_t to = 0;                     ///< and after; not less
    std::vector<HeldNote> hold = {};         ///< set aside, or what is known now of what is set aside already
    std::vector<std::int64_t> release = {};  ///< set aside before, and handled now
    ConsumerState state = {};
    Time now{};
};

}  // namespace ocilot::meta
