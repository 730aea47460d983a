#include "meta/sqlite/repository.h"

#include "meta/sqlite/aliases.h"
#include "meta/unknown.h"

namespace ocilot::meta {

Result<std::optional<std::int64_t>> first_number(SqliteDb& db, std::string_view sql,
                                                 std::initializer_list<SqliteValue> values) {
    return db.number(sql, values);
}

Result<std::optional<std::int64_t>> find_repository(SqliteDb& db, oci::RepositoryName const& name) {
    return first_number(db, "SELECT id FROM repository WHERE name = ?1", {name.str()});
}

Result<std::int64_t> find_or_make_repository(SqliteDb& db, oci::RepositoryName const& name) {
    TRY(auto const known, find_repository(db, name));
    if (known) return *known;
    TRY(auto const target, find_alias(db, name.str()));
    if (target) return push_to_alias(name);
    CHECK(db.change("INSERT INTO repository (name) VALUES (?1)", {name.str()}));
    TRY(auto const made, find_repository(db, name));
    return *made;
}

Result<bool> list_repository(SqliteDb& db, std::int64_t id) {
    TRY(auto const changed, db.change("UPDATE repository SET listed = 1 WHERE id = ?1 AND listed = 0", {id}));
    return changed > 0;
}

Result<> unlist_repository_without_manifests(SqliteDb& db, std::int64_t id) {
    CHECK(
        db.change("UPDATE repository SET listed = 0 WHERE id = ?1 "
                  "AND NOT EXISTS (SELECT 1 FROM manifest WHERE repository = ?1)",
                  {id}));
    return {};
}

Result<> drop_repository_if_empty(SqliteDb& db, std::int64_t id) {
    CHECK(
        db.change("DELETE FROM repository WHERE id = ?1 AND listed = 0 "
                  "AND NOT EXISTS (SELECT 1 FROM link WHERE repository = ?1) "
                  "AND NOT EXISTS (SELECT 1 FROM edge WHERE repository = ?1)",
                  {id}));
    return {};
}

Result<std::optional<std::int64_t>> linked_size(SqliteDb& db, std::int64_t repository,
                                                oci::Digest const& digest) {
    return first_number(db,
                        "SELECT size FROM link WHERE repository = ?1 AND digest = ?2 "
                        "AND NOT EXISTS (SELECT 1 FROM quarantined q WHERE q.digest = ?2)",
                        {repository, digest.str()});
}

Result<> end_quarantine(SqliteDb& db, oci::Digest const& digest) {
    CHECK(db.change("DELETE FROM quarantined WHERE digest = ?1", {digest.str()}));
    return {};
}

}  // namespace ocilot::meta
