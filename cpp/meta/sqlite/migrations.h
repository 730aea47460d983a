#pragma once

#include <span>

namespace ocilot::meta {

/// The SQL scripts that lead to the schema: the one at index n from version n to n + 1. What was released is
/// never changed; a change of the schema is one more.
[[nodiscard]] std::span<char const* const> sqlite_migrations() noexcept;

}  // namespace ocilot::meta
