#pragma once

#include "meta/facts.h"
#include "meta/sqlite_db.h"

#include <cstddef>
#include <string>
#include <utility>

namespace ocilot::meta {

/// A page ends after so many bytes: a referrer's annotations may be as long as a manifest.
inline constexpr std::size_t most_page_bytes = 3 * 1024 * 1024;

inline std::size_t text_bytes(std::string const& name) noexcept {
    return name.size();
}
inline std::size_t text_bytes(ReferrerFact const& fact) noexcept {
    return fact.manifest.media_type.size() + fact.artifact_type.size() + fact.annotations_json.size();
}

/// Reads a page that was asked for with one row more than its limit: whether there is one is the answer's
/// `more`.
template <class T, class Read>
Result<Slice<T>> slice(SqliteRows rows, Page const& page, Read read) {
    Slice<T> found;
    std::size_t bytes = 0;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (found.items.size() == page.limit || bytes > most_page_bytes) {
            found.more = true;
            return found;
        }
        TRY(auto item, read(rows));
        bytes += text_bytes(item);
        found.items.push_back(std::move(item));
    }
}

/// A row that is a name alone.
inline Result<std::string> name_of(SqliteRows const& rows) {
    return rows.text(0);
}

}  // namespace ocilot::meta
