#pragma once

#include "events/filter.h"
#include "registry/registry.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ocilot::http {

/// The ids of the changes that the log has.
struct KeptChanges {
    std::int64_t oldest = 0;  ///< 0: it is empty
    std::int64_t newest = 0;

    /// Whether a reader that has seen all up to `place` can go on after it without having missed any. 0, the
    /// beginning of what is kept, always can.
    [[nodiscard]] bool follow(std::int64_t place) const noexcept {
        return place == 0 || (place + 1 >= oldest && place <= newest);
    }
    /// The place before the oldest.
    [[nodiscard]] std::int64_t start() const noexcept { return oldest == 0 ? 0 : oldest - 1; }
};
Task<Result<KeptChanges>> kept_changes(meta::Journal& journal);

/// What a change tells a client.
Task<std::vector<std::string>> wanted_events(registry::Registry& registry, meta::Change const& change,
                                             events::Filter const& filter);

/// Some of the events after a place, as JSON.
struct EventPage {
    std::vector<std::string> events = {};
    std::int64_t place = 0;  ///< of the last change that was looked at, whether its events were wanted or not
};
/// At most `size` events, and more only where one change has more: its events stay together. Looks at a
/// bounded number of changes, so that a page may be short, and even empty, before the end.
Task<Result<EventPage>> read_events(registry::Registry& registry, std::int64_t place,
                                    events::Filter const& filter, std::size_t size);

}  // namespace ocilot::http
