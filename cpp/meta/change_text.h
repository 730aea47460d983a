#pragma once

#include "meta/change.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::meta {

// A change in words, for people: made when it is read, never when it is written.

/// What it is about: a tag, a digest, an account, the id of a token or a key, or what was refused. Borrowed.
[[nodiscard]] std::string_view subject_of(Change const& change) noexcept;

/// Why it was refused, or what changed: `tags v1, latest`, `from sha256:… to sha256:…`, `robot, groups ops`.
[[nodiscard]] std::string detail_of(Change const& change);

/// A number with its thing, as the counts of a change name it, in plural: `1 repository`, `0 left behind`.
[[nodiscard]] std::string count_text(std::uint64_t number, std::string_view things);

}  // namespace ocilot::meta
