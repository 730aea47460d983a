#include "meta/sqlite/keys.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/values.h"

#include <fmt/format.h>

namespace ocilot::meta {

namespace {

Result<std::vector<KeyFact>> read_keys(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT id, private_pem, created_at FROM signing_key WHERE created_at > ?1 "
                            "ORDER BY created_at DESC, id DESC",
                            {stored(Time::min())}));
    std::vector<KeyFact> keys;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return keys;
        keys.push_back({.id = rows.text(0), .private_pem = rows.text(1), .created_at = stored_time(rows, 2)});
    }
}

Result<> insert(SqliteDb& db, KeyFact const& key, Time keep_from, Actor const& by) {
    TRY(auto const added,
        db.change("INSERT INTO signing_key (id, private_pem, created_at) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT DO NOTHING",
                  {key.id, key.private_pem, stored(key.created_at)}));
    if (added == 0) {
        return Error{Errc::conflict, fmt::format("key {} already exists; create another one", key.id)};
    }
    TRY(auto const removed,
        db.change("DELETE FROM signing_key WHERE created_at < ?1 AND id <> ?2", {stored(keep_from), key.id}));
    Change change{.at = key.created_at, .kind = ChangeKind::key_add, .by = by, .name = key.id};
    if (removed > 0) change.details.counts = {{"old keys", static_cast<std::uint64_t>(removed)}};
    return write_change(db, change);
}

}  // namespace

Task<Result<std::vector<KeyFact>>> SqliteKeys::keys() {
    co_return readers_.read(read_keys);
}

Task<Result<>> SqliteKeys::add(KeyFact key, Time keep_from, Actor by) {
    return writer_.run(ChangeScope::accounts(), [k = std::move(key), keep_from, b = std::move(by)](
                                                    SqliteDb& db) { return insert(db, k, keep_from, b); });
}

}  // namespace ocilot::meta
