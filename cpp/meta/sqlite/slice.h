#pragma once

#include "meta/facts.h"
#include "meta/sqlite/db.h"

#include <string>
#include <utility>

namespace ocilot::meta {

/// Reads a page of names that was asked for with one row more than its limit: whether there is one is the
/// answer's `more`.
inline Result<Slice<std::string>> slice_of_names(SqliteRows rows, Page const& page) {
    Slice<std::string> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (found.items.size() == page.limit) {
            found.more = true;
            return found;
        }
        found.items.push_back(rows.text(0));
    }
}

}  // namespace ocilot::meta
