#include "meta/sqlite/tag_list.h"

#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"
#include "oci/version.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace ocilot::meta {

namespace {

/// No tag has a character that sorts after this one, or before the other.
constexpr char last_character = '\x7f';
constexpr char first_character = '\x01';

/// The order of an index by a key, then by name.
struct KeyOrder {
    std::string_view rising;
    std::string_view falling;
};

KeyOrder order_of(TagOrder order) {
    if (order == TagOrder::pushed) {
        return {
            "SELECT name, moved_at FROM tag WHERE repository = ?1 AND (moved_at, name) > (?2, ?3) "
            "ORDER BY moved_at, name LIMIT ?4",
            "SELECT name, moved_at FROM tag WHERE repository = ?1 AND (moved_at, name) < (?2, ?3) "
            "ORDER BY moved_at DESC, name DESC LIMIT ?4"};
    }
    if (order == TagOrder::size) {
        return {
            "SELECT name, image_size FROM tag WHERE repository = ?1 AND (image_size, name) > (?2, ?3) "
            "ORDER BY image_size, name LIMIT ?4",
            "SELECT name, image_size FROM tag WHERE repository = ?1 AND (image_size, name) < (?2, ?3) "
            "ORDER BY image_size DESC, name DESC LIMIT ?4"};
    }
    return {
        "SELECT name, pulled_at FROM tag_pull WHERE repository = ?1 AND (pulled_at, name) > (?2, ?3) "
        "ORDER BY pulled_at, name LIMIT ?4",
        "SELECT name, pulled_at FROM tag_pull WHERE repository = ?1 AND (pulled_at, name) < (?2, ?3) "
        "ORDER BY pulled_at DESC, name DESC LIMIT ?4"};
}

/// Names and keys in the order of an index.
Result<SqliteRows> start_by_key(SqliteDb& db, std::int64_t repository, TagQuery const& query,
                                std::int64_t count) {
    using Key = std::numeric_limits<std::int64_t>;
    auto const place = query.after.value_or(TagPlace{query.descending ? Key::max() : Key::min(), {}});
    auto const order = order_of(query.order);
    return db.query(query.descending ? order.falling : order.rising,
                    {repository, place.key, place.name, count});
}

/// Names of versions in their order. The name of a place says its key.
Result<SqliteRows> start_by_version(SqliteDb& db, std::int64_t repository, TagQuery const& query,
                                    std::int64_t count) {
    // No key begins with a byte as great as this one.
    std::string key = query.descending ? "\xff" : "";
    std::string_view name;
    if (query.after) {
        name = query.after->name;
        key = oci::version_key(name).value_or(key);
    }
    auto const* const sql = query.descending
                                ? "SELECT name, 0 FROM tag WHERE repository = ?1 AND version IS NOT NULL "
                                  "AND (version, name) < (?2, ?3) ORDER BY version DESC, name DESC LIMIT ?4"
                                : "SELECT name, 0 FROM tag WHERE repository = ?1 AND version IS NOT NULL "
                                  "AND (version, name) > (?2, ?3) ORDER BY version, name LIMIT ?4";
    return db.query(sql, {repository, SqliteBytes(key), name, count});
}

/// Whether an order leaves tags out, which have no key there: they follow in both directions, by name.
bool leaves_out(TagOrder order) {
    return order == TagOrder::pulled || order == TagOrder::version;
}

/// Names of tags by name, whether each has a key instead of that.
Result<SqliteRows> start_left_out(SqliteDb& db, std::int64_t repository, TagOrder order,
                                  std::string_view after, std::int64_t count) {
    if (order == TagOrder::version) {
        return db.query(
            "SELECT name, version IS NOT NULL FROM tag WHERE repository = ?1 AND name > ?2 "
            "ORDER BY name LIMIT ?3",
            {repository, after, count});
    }
    return db.query(
        "SELECT t.name, EXISTS (SELECT 1 FROM tag_pull p WHERE p.repository = t.repository "
        "AND p.name = t.name) FROM tag t WHERE t.repository = ?1 AND t.name > ?2 "
        "ORDER BY t.name LIMIT ?3",
        {repository, after, count});
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

/// The places of all tags in an order, from where a page starts.
class Walk {
  public:
    Walk(SqliteDb& db, std::int64_t repository, TagQuery const& query, std::int64_t count)
        : db_(db),
          repository_(repository),
          query_(query),
          count_(count),
          at_left_out_(leaves_out(query.order) && query.after && query.after->key == TagPlace::never) {}

    /// nullopt at the end.
    Result<std::optional<TagPlace>> next() {
        for (;;) {
            if (!names_) {
                TRY(auto names, start());
                names_.emplace(std::move(names));
            }
            TRY(bool const more, names_->next());
            if (more) return std::optional(place());
            if (!leaves_out(query_.order) || at_left_out_) return std::optional<TagPlace>();
            at_left_out_ = true;
            names_.reset();
            after_ = {};
        }
    }
    /// Whether the last place is one of a tag that has another.
    [[nodiscard]] bool is_passed_over() const { return at_left_out_ && names_->integer(1) != 0; }

  private:
    Result<SqliteRows> start() {
        if (at_left_out_) return start_left_out(db_, repository_, query_.order, after_, count_);
        if (query_.order == TagOrder::name) return start_by_name(db_, repository_, query_, count_);
        if (query_.order == TagOrder::version) return start_by_version(db_, repository_, query_, count_);
        return start_by_key(db_, repository_, query_, count_);
    }
    [[nodiscard]] TagPlace place() const {
        return {at_left_out_ ? TagPlace::never : names_->integer(1), names_->text(0)};
    }

    SqliteDb& db_;
    std::int64_t repository_;
    TagQuery const& query_;
    std::int64_t count_;
    bool at_left_out_;
    std::string after_ = at_left_out_ ? query_.after->name : std::string();
    std::optional<SqliteRows> names_{};
};

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
    // Tags with a key are passed over among those without one.
    bool const passes_over = query.matches || !query.prefix.empty() || leaves_out(query.order);
    auto const most = passes_over ? std::max(query.most_looked_at, query.limit) : query.limit;
    auto const count = limit(most + 1);  // One more shows whether there is another page.
    Walk walk(db, *id, query, count);
    TagRows page;
    TagPlace place;
    for (;; ++page.looked_at) {
        TRY(auto found, walk.next());
        if (!found) return page;
        if (page.looked_at == most || page.items.size() == query.limit) {
            page.next = std::move(place);
            return page;
        }
        place = *std::move(found);
        if (walk.is_passed_over() || !is_wanted(query, place.name)) continue;
        TRY(auto row, read_row(db, *id, place.name));
        if (row) page.items.push_back(*std::move(row));
    }
}

}  // namespace ocilot::meta
