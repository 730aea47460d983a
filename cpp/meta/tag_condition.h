#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// What must be there for a write to happen: `If-Match` and `If-None-Match` of a request.
struct TagCondition {
    /// Any content at all, or some.
    struct Content {
        bool any = false;
        std::vector<std::string> digests = {};

        /// `digest` is empty for no content, which is never in it.
        [[nodiscard]] bool has(std::string_view digest) const;
    };
    std::optional<Content> match = {};       ///< the content must be in it
    std::optional<Content> none_match = {};  ///< the content must not be in it
    /// Where a tag is removed: it must have been set last at this time, also if it points there still.
    std::optional<Time> set_at = {};

    /// `digest` is that of the content, empty if there is none.
    [[nodiscard]] bool holds(std::string_view digest) const;
};

/// precondition_failed if there is a condition that does not hold. `what` is for the message: `tag v1`.
[[nodiscard]] Result<> require(std::optional<TagCondition> const& condition, std::string_view what,
                               std::string_view digest);

}  // namespace ocilot::meta
