#pragma once

#include "base/clock.h"
#include "meta/facts.h"
#include "meta/sqlite/db.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::meta {

/// A time as a column holds it: microseconds since 1970.
[[nodiscard]] std::int64_t stored(Time time) noexcept;
[[nodiscard]] Time stored_time(SqliteRows const& rows, int column) noexcept;

/// A digest in a column; io if it is none, which only damage can bring about.
[[nodiscard]] Result<oci::Digest> stored_digest(SqliteRows const& rows, int column);

/// Borrows them.
[[nodiscard]] SqliteValue bytes_or_null(std::optional<std::string> const& bytes) noexcept;

/// What a page starts after; every name is greater than the empty text.
[[nodiscard]] std::string_view after(Page const& page) noexcept;
/// A count as a statement's LIMIT.
[[nodiscard]] std::int64_t limit(std::size_t count) noexcept;
/// The LIMIT that shows whether anything follows the page.
[[nodiscard]] std::int64_t one_more(Page const& page) noexcept;

/// The error for a stored value that cannot be.
[[nodiscard]] Error damaged(std::string_view what);

}  // namespace ocilot::meta
