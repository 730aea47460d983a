#include "meta/sqlite/tag_changes.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/values.h"

#include <string>

namespace ocilot::meta {

namespace {

/// By name, after one.
Result<std::vector<ChangedTag>> read_tags(SqliteDb& db, TagsThatGo const& which, std::string_view after,
                                          std::size_t count) {
    // A manifest may have few of the tags of its repository: two statements, each by its index.
    static constexpr auto of_all =
        "SELECT name, digest FROM tag WHERE repository = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
    static constexpr auto of_one =
        "SELECT name, digest FROM tag WHERE repository = ?1 AND digest = ?4 AND name > ?2 ORDER BY name "
        "LIMIT ?3";
    auto const most = limit(count);
    TRY(auto rows, which.digest.empty() ? db.query(of_all, {which.repository, after, most})
                                        : db.query(of_one, {which.repository, after, most, which.digest}));
    std::vector<ChangedTag> tags;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return tags;
        tags.push_back({rows.text(0), rows.text(1)});
    }
}

}  // namespace

Result<std::vector<ChangedTag>> tags_to_name(SqliteDb& db, TagsThatGo const& which) {
    return read_tags(db, which, "", max_changed_tags);
}

Result<> write_unnamed_tags(SqliteDb& db, TagsThatGo const& which, Change const& removal) {
    if (removal.details.tags.size() < max_changed_tags) return {};
    auto last = removal.details.tags.back().name;
    Change change{
        .at = removal.at, .kind = ChangeKind::tag_delete, .by = removal.by, .repository = removal.repository};
    for (;;) {
        TRY(change.details.tags, read_tags(db, which, last, max_further_tags));
        if (change.details.tags.empty()) return {};
        last = change.details.tags.back().name;
        CHECK(write_change(db, change));
    }
}

}  // namespace ocilot::meta
