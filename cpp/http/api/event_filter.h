#pragma once

#include "events/event.h"
#include "http/core/target.h"
#include "oci/repository_pattern.h"

#include <optional>
#include <string>
#include <vector>

namespace ocilot::http {

/// Which events a client wants.
struct EventFilter {
    std::optional<oci::RepositoryPattern> repository = {};  ///< nullopt: of any and of none
    std::vector<std::string> actions = {};  ///< words, or with a point at the end beginnings; empty: all

    /// `?repository=` a pattern, `?action=` an action or a beginning of some (repeatable). bad_request for
    /// others.
    static Result<EventFilter> parse(Query const& query);
    [[nodiscard]] bool matches(events::Event const& event) const;
};

}  // namespace ocilot::http
