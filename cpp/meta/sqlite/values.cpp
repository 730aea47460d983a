#include "meta/sqlite/values.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

namespace ocilot::meta {

std::int64_t stored(Time time) noexcept {
    return time.time_since_epoch().count();
}

Time stored_time(SqliteRows const& rows, int column) noexcept {
    return Time(Time::duration(rows.integer(column)));
}

Result<oci::Digest> stored_digest(SqliteRows const& rows, int column) {
    auto digest = oci::Digest::parse(rows.view(column));
    if (digest.has_error()) return damaged("digest");
    return digest;
}

SqliteValue bytes_or_null(std::optional<std::string> const& bytes) noexcept {
    if (!bytes) return nullptr;
    return SqliteBytes(*bytes);
}

std::string_view after(Page const& page) noexcept {
    return page.after ? std::string_view(*page.after) : std::string_view();
}

std::int64_t limit(std::size_t count) noexcept {
    constexpr std::size_t most = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(count, most));
}

std::int64_t one_more(Page const& page) noexcept {
    auto const count = limit(page.limit);
    return count == std::numeric_limits<std::int64_t>::max() ? count : count + 1;
}

Error damaged(std::string_view what) {
    return {Errc::io,
            fmt::format("the metadata database contains a damaged {}; restore it from a backup", what)};
}

}  // namespace ocilot::meta
