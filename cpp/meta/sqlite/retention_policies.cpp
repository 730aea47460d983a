#include "meta/sqlite/retention_policies.h"

#include "base/counted.h"
#include "meta/sqlite/journal.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <fmt/format.h>

namespace ocilot::meta {

namespace {

Result<std::vector<StoredPolicy>> read_policies(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT name, content, changed_at, changed_by FROM retention_policy "
                            "WHERE name > '' ORDER BY name"));
    std::vector<StoredPolicy> policies;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return policies;
        policies.push_back({rows.text(0), rows.text(1), stored_time(rows, 2), rows.text(3)});
    }
}

/// Whether there is none of this name.
Result<bool> is_new(SqliteDb& db, std::string const& name) {
    TRY(auto rows, db.query("SELECT 1 FROM retention_policy WHERE name = ?1", {name}));
    TRY(bool const found, rows.next());
    return !found;
}

Result<> check_count(SqliteDb& db, std::size_t most) {
    TRY(auto rows, db.query("SELECT count(*) FROM retention_policy WHERE name > ''"));
    CHECK(rows.next());
    if (static_cast<std::size_t>(rows.integer(0)) < most) return {};
    return Error{Errc::conflict,
                 fmt::format("there {} {} already; remove or change one of them", agreeing(most, "is", "are"),
                             counted(most, "retention policy", "retention policies"))};
}

Result<bool> write_policy(SqliteDb& db, StoredPolicy const& policy, std::size_t most, Change const& change) {
    TRY(bool const adds, is_new(db, policy.name));
    if (adds) {
        CHECK(check_count(db, most));
    }
    CHECK(
        db.change("INSERT INTO retention_policy (name, content, changed_at, changed_by) "
                  "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET content = excluded.content, "
                  "changed_at = excluded.changed_at, changed_by = excluded.changed_by",
                  {policy.name, policy.content, stored(policy.changed_at), policy.changed_by}));
    CHECK(write_change(db, change));
    return adds;
}

Result<> erase_policy(SqliteDb& db, std::string const& name, Change const& change) {
    TRY(auto const removed, db.change("DELETE FROM retention_policy WHERE name = ?1", {name}));
    if (removed == 0) return retention_policy_unknown(name);
    return write_change(db, change);
}

}  // namespace

Task<Result<std::vector<StoredPolicy>>> SqliteRetentionPolicies::policies() {
    co_return readers_.read(read_policies);
}

Task<Result<bool>> SqliteRetentionPolicies::set(StoredPolicy policy, std::size_t most, Change change) {
    return writer_.run(ChangeScope::nothing(), [p = std::move(policy), most, c = std::move(change)](
                                                   SqliteDb& db) { return write_policy(db, p, most, c); });
}

Task<Result<>> SqliteRetentionPolicies::remove(std::string name, Change change) {
    return writer_.run(ChangeScope::nothing(), [n = std::move(name), c = std::move(change)](SqliteDb& db) {
        return erase_policy(db, n, c);
    });
}

}  // namespace ocilot::meta
