#pragma once

#include "base/result.h"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace ocilot::jobs {

/// Tags and digests in use, by repository.
using InUse = std::map<std::string, std::set<std::string>, std::less<>>;

/// Adds what a reference such as `team/app:v1` names. An error if it is none.
[[nodiscard]] Result<> add_in_use(std::string_view reference, InUse& found);

/// A list of references, one a line: `team/app:v1`, `registry.example.com/team/app@sha256:...`, or with both
/// a tag and a digest. Empty lines and those that begin with `#` are comments. config with the number of a
/// line that is none of these: a list that is understood in part would let what is in use be deleted. config
/// also for a list of empty lines only, as a failed export leaves it.
[[nodiscard]] Result<InUse> parse_in_use(std::string_view text);

}  // namespace ocilot::jobs
