#include "meta/sqlite/aliases.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/removed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <utility>

namespace ocilot::meta {

Result<std::optional<std::string>> find_alias(SqliteDb& db, std::string_view name) {
    TRY(auto rows, db.query("SELECT target FROM repository_alias WHERE name = ?1", {name}));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<std::string>();
    return std::optional(rows.text(0));
}

Result<bool> has_aliases(SqliteDb& db) {
    TRY(auto const found, first_number(db, "SELECT 1 FROM repository_alias WHERE name >= '' LIMIT 1", {}));
    return found.has_value();
}

Result<Slice<RepositoryAlias>> read_aliases(SqliteDb& db, Page const& page) {
    TRY(auto rows, db.query("SELECT name, target, created_at FROM repository_alias WHERE name > ?1 "
                            "ORDER BY name LIMIT ?2",
                            {after(page), one_more(page)}));
    Slice<RepositoryAlias> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (found.items.size() == page.limit) {
            found.more = true;
            return found;
        }
        found.items.push_back({rows.text(0), rows.text(1), stored_time(rows, 2)});
    }
}

Result<> set_alias(SqliteDb& db, oci::RepositoryName const& name, oci::RepositoryName const& target,
                   Actor const& by, Time now) {
    TRY(auto const taken, find_repository(db, name));
    if (taken) return repository_exists(name);
    TRY(auto const found, find_repository(db, target));
    if (!found) return name_unknown(target);
    TRY(auto const before, find_alias(db, name.str()));
    if (before == target.str()) return {};
    // What is lifted would make a repository of this name.
    CHECK(keep_condemned_as_deleted(db, name.str(), now));
    CHECK(add_removed_candidates(db, name.str()));
    return write_alias(db, {name.str(), target.str(), now}, by);
}

Result<> remove_alias(SqliteDb& db, oci::RepositoryName const& name, Actor const& by, Time now) {
    TRY(auto target, find_alias(db, name.str()));
    if (!target) return alias_unknown(name);
    return forget_alias(db, {name.str(), std::move(*target)}, by, now);
}

Result<> write_alias(SqliteDb& db, RepositoryAlias const& alias, Actor const& by) {
    CHECK(
        db.change("INSERT INTO repository_alias (name, target, created_at) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (name) DO UPDATE SET target = excluded.target, "
                  "created_at = excluded.created_at",
                  {alias.name, alias.target, stored(alias.created_at)}));
    return write_change(db, {.at = alias.created_at,
                             .kind = ChangeKind::alias_add,
                             .by = by,
                             .repository = alias.target,
                             .name = alias.name});
}

Result<> forget_alias(SqliteDb& db, RepositoryAlias const& alias, Actor const& by, Time now) {
    TRY(auto const removed, db.change("DELETE FROM repository_alias WHERE name = ?1", {alias.name}));
    if (removed == 0) return {};
    return write_change(db, {.at = now,
                             .kind = ChangeKind::alias_remove,
                             .by = by,
                             .repository = alias.target,
                             .name = alias.name});
}

}  // namespace ocilot::meta
