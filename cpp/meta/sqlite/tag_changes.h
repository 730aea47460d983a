#pragma once

#include "meta/change.h"
#include "meta/sqlite/db.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// Tags that go with a manifest, or all of a repository.
struct TagsThatGo {
    std::int64_t repository = 0;
    std::string_view digest = {};  ///< of the manifest; empty: all
};

/// The first tags, as many as a change names, each with where it points.
Result<std::vector<ChangedTag>> tags_to_name(SqliteDb& db, TagsThatGo const& which);

/// Notes the tags that `removal` does not name, because it names no more, as deletions of tags, of which one
/// change names many. To be called before the tags are deleted.
Result<> write_unnamed_tags(SqliteDb& db, TagsThatGo const& which, Change const& removal);

}  // namespace ocilot::meta
