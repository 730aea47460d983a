#pragma once

#include "base/result.h"
#include "meta/change.h"

#include <string>
#include <string_view>

namespace ocilot::meta {

/// The details as the compact JSON object they are stored as, with the digest of a tag's change and what is
/// kept of the request of the actor; empty if there are none. Members without a value are left out.
[[nodiscard]] std::string details_to_json(Change const& change, Actor const& by);

/// Reads such an object into a change whose columns are read. Passes over members that it does not know: a
/// later version may have written them. io if it is no object, which only damage can bring about.
Result<> details_from_json(std::string_view text, Change& change);

}  // namespace ocilot::meta
