#include "meta/sqlite/tag_list.h"

#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ocilot::meta {

namespace {

/// Names that are looked at for a page, however few of them match.
constexpr std::size_t most_looked_at = 20'000;

/// No tag has a character that sorts after this one, or before the other.
constexpr char last_character = '\x7f';
constexpr char first_character = '\x01';

/// Names and keys in the order of an index.
Result<SqliteRows> start_by_key(SqliteDb& db, std::int64_t repository, TagQuery const& query,
                                std::int64_t count) {
    using Key = std::numeric_limits<std::int64_t>;
    auto const place = query.after.value_or(TagPlace{query.descending ? Key::max() : Key::min(), {}});
    std::string_view sql;
    if (query.order == TagOrder::pushed) {
        sql = query.descending
                  ? "SELECT name, moved_at FROM tag WHERE repository = ?1 AND (moved_at, name) < (?2, ?3) "
                    "ORDER BY moved_at DESC, name DESC LIMIT ?4"
                  : "SELECT name, moved_at FROM tag WHERE repository = ?1 AND (moved_at, name) > (?2, ?3) "
                    "ORDER BY moved_at, name LIMIT ?4";
    } else {
        sql = query.descending
                  ? "SELECT name, image_size FROM tag WHERE repository = ?1 "
                    "AND (image_size, name) < (?2, ?3) ORDER BY image_size DESC, name DESC LIMIT ?4"
                  : "SELECT name, image_size FROM tag WHERE repository = ?1 "
                    "AND (image_size, name) > (?2, ?3) ORDER BY image_size, name LIMIT ?4";
    }
    return db.query(sql, {repository, place.key, place.name, count});
}

Result<SqliteRows> start_by_name(SqliteDb& db, std::int64_t repository, TagQuery const& query,
                                 std::int64_t count) {
    auto from = query.prefix;
    auto to = query.prefix + last_character;
    if (query.after && query.descending) to = std::min(to, query.after->name);
    if (query.after && !query.descending) from = std::max(from, query.after->name + first_character);
    auto const* const sql = query.descending ? "SELECT name, 0 FROM tag WHERE repository = ?1 AND name >= ?2 "
                                               "AND name < ?3 ORDER BY name DESC LIMIT ?4"
                                             : "SELECT name, 0 FROM tag WHERE repository = ?1 AND name >= ?2 "
                                               "AND name < ?3 ORDER BY name LIMIT ?4";
    return db.query(sql, {repository, from, to, count});
}

/// The rest of a row; nullopt if the tag is not there any more.
Result<std::optional<TagRow>> read_row(SqliteDb& db, std::int64_t repository, std::string_view name) {
    TRY(auto rows, db.query("SELECT t.digest, m.media_type, t.image_size, t.moved_at, t.pushed_by "
                            "FROM tag t CROSS JOIN manifest m "
                            "ON m.repository = t.repository AND m.digest = t.digest "
                            "WHERE t.repository = ?1 AND t.name = ?2",
                            {repository, name}));
    TRY(bool const found, rows.next());
    if (!found) return std::optional<TagRow>();
    TRY(auto const digest, stored_digest(rows, 0));
    return std::optional(TagRow{std::string(name), digest, rows.text(1),
                                static_cast<std::uint64_t>(rows.integer(2)), stored_time(rows, 3),
                                rows.text(4)});
}

bool is_wanted(TagQuery const& query, std::string_view name) {
    return name.starts_with(query.prefix) && (!query.matches || query.matches(name));
}

}  // namespace

Result<TagRows> read_tag_rows(SqliteDb& db, oci::RepositoryName const& repository, TagQuery const& query) {
    TRY(auto const id, find_repository(db, repository));
    if (!id) return name_unknown(repository);
    bool const filters = query.matches || !query.prefix.empty();
    auto const most = filters ? std::max(most_looked_at, query.limit) : query.limit;
    auto const count = limit(most + 1);  // One more shows whether there is another page.
    bool const by_name = query.order == TagOrder::name;
    TRY(auto names, by_name ? start_by_name(db, *id, query, count) : start_by_key(db, *id, query, count));
    TagRows page;
    TagPlace place;
    for (std::size_t looked_at = 0;; ++looked_at) {
        TRY(bool const more, names.next());
        if (!more) return page;
        if (looked_at == most || page.items.size() == query.limit) {
            page.next = std::move(place);
            return page;
        }
        place = {names.integer(1), names.text(0)};
        if (!is_wanted(query, place.name)) continue;
        TRY(auto row, read_row(db, *id, place.name));
        if (row) page.items.push_back(*std::move(row));
    }
}

}  // namespace ocilot::meta
