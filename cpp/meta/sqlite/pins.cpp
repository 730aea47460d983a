#include "meta/sqlite/pins.h"

#include "meta/sqlite/repository.h"
#include "meta/sqlite/review_queue.h"
#include "meta/sqlite/values.h"

namespace ocilot::meta {

Result<bool> is_pinned(SqliteDb& db, std::string_view repository, std::string_view digest) {
    TRY(auto const found,
        first_number(db, "SELECT 1 FROM pin WHERE repository = ?1 AND digest = ?2", {repository, digest}));
    return found.has_value();
}

Result<std::vector<Pin>> read_pins(SqliteDb& db, std::optional<Pin> const& after, std::size_t count) {
    auto const repository = after ? after->repository : std::string();
    auto const digest = after ? after->digest.str() : std::string();
    TRY(auto rows, db.query("SELECT repository, digest FROM pin WHERE (repository, digest) > (?1, ?2) "
                            "ORDER BY repository, digest LIMIT ?3",
                            {repository, digest, limit(count)}));
    std::vector<Pin> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        TRY(auto const pinned, stored_digest(rows, 1));
        found.push_back({rows.text(0), pinned});
    }
}

Result<> change_pins(SqliteDb& db, PinChanges const& changes, Time now) {
    for (auto const& pin : changes.added) {
        CHECK(db.change("INSERT INTO pin (repository, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                        {pin.repository, pin.digest.str()}));
    }
    for (auto const& pin : changes.removed) {
        TRY(auto const removed, db.change("DELETE FROM pin WHERE repository = ?1 AND digest = ?2",
                                          {pin.repository, pin.digest.str()}));
        if (removed == 0) continue;
        CHECK(add_candidate(db, {pin.repository, pin.digest, now}));
    }
    return {};
}

}  // namespace ocilot::meta
