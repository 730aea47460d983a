#include "meta/sqlite/accounts.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/names_json.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <fmt/format.h>

namespace ocilot::meta {

namespace {

Result<AccountFact> account_of(SqliteRows const& rows) {
    TRY(auto groups, names_from_json(rows.view(3)));
    return AccountFact{
        .name = rows.text(0),
        .robot = rows.integer(1) != 0,
        .password_hash = rows.text(2),
        .groups = std::move(groups),
        .admin = rows.integer(4) != 0,
        .disabled = rows.integer(5) != 0,
        .created_at = stored_time(rows, 6),
    };
}

Result<Slice<AccountFact>> read_accounts(SqliteDb& db, Page const& page) {
    TRY(auto rows, db.query("SELECT name, robot, password_hash, group_names, admin, disabled, created_at "
                            "FROM account WHERE name > ?1 ORDER BY name LIMIT ?2",
                            {after(page), one_more(page)}));
    Slice<AccountFact> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        if (found.items.size() == page.limit) {
            found.more = true;
            return found;
        }
        TRY(auto account, account_of(rows));
        found.items.push_back(std::move(account));
    }
}

Result<AccountFact> read_account(SqliteDb& db, std::string const& name) {
    TRY(auto rows, db.query("SELECT name, robot, password_hash, group_names, admin, disabled, created_at "
                            "FROM account WHERE name = ?1",
                            {name}));
    TRY(bool const row, rows.next());
    if (!row) return account_unknown(name);
    return account_of(rows);
}

ChangedAccount differences(AccountFact const& old, AccountFact const& now) {
    ChangedAccount set;
    if (old.password_hash != now.password_hash) set.password = !now.password_hash.empty();
    if (old.groups != now.groups) set.groups = now.groups;
    if (old.admin != now.admin) set.admin = now.admin;
    if (old.disabled != now.disabled) set.disabled = now.disabled;
    return set;
}

/// Never with the password.
ChangedAccount all_of(AccountFact const& account) {
    return {.robot = account.robot,
            .password = !account.password_hash.empty(),
            .groups = account.groups,
            .admin = account.admin,
            .disabled = account.disabled};
}

Result<> note(SqliteDb& db, ChangeKind kind, std::string const& name, ChangedAccount set, Actor const& by,
              Time now) {
    return write_change(
        db, {.at = now, .kind = kind, .by = by, .name = name, .details = {.set = std::move(set)}});
}

Result<> insert(SqliteDb& db, AccountFact const& account, Actor const& by) {
    TRY(auto const groups, names_to_json(account.groups));
    TRY(auto const added,
        db.change(
            "INSERT INTO account (name, robot, password_hash, group_names, admin, disabled, created_at) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            {account.name, std::int64_t{account.robot}, account.password_hash, groups,
             std::int64_t{account.admin}, std::int64_t{account.disabled}, stored(account.created_at)}));
    if (added == 0) {
        return Error{
            Errc::conflict,
            fmt::format("account {} already exists; choose another name, or change the existing account",
                        account.name)};
    }
    return note(db, ChangeKind::account_add, account.name, all_of(account), by, account.created_at);
}

Result<AccountFact> update(SqliteDb& db, std::string const& name, AccountChange const& change,
                           Actor const& by, Time now) {
    TRY(auto const old, read_account(db, name));
    auto account = old;
    account.password_hash = change.password_hash.value_or(old.password_hash);
    account.groups = change.groups.value_or(old.groups);
    account.admin = change.admin.value_or(old.admin);
    account.disabled = change.disabled.value_or(old.disabled);
    TRY(auto const groups, names_to_json(account.groups));
    CHECK(db.change(
        "UPDATE account SET password_hash = ?2, group_names = ?3, admin = ?4, disabled = ?5 "
        "WHERE name = ?1",
        {name, account.password_hash, groups, std::int64_t{account.admin}, std::int64_t{account.disabled}}));
    if (old.password_hash != account.password_hash) {
        CHECK(db.change("DELETE FROM token WHERE account = ?1 AND refresh = 1", {name}));
    }
    CHECK(note(db, ChangeKind::account_change, name, differences(old, account), by, now));
    return account;
}

Result<> erase(SqliteDb& db, std::string const& name, Actor const& by, Time now) {
    TRY(auto const removed, db.change("DELETE FROM account WHERE name = ?1", {name}));
    if (removed == 0) return account_unknown(name);
    CHECK(db.change("DELETE FROM token WHERE account = ?1", {name}));
    return note(db, ChangeKind::account_remove, name, {}, by, now);
}

}  // namespace

Task<Result<Slice<AccountFact>>> SqliteAccounts::accounts(Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_accounts(db, page); });
}

Task<Result<AccountFact>> SqliteAccounts::account(std::string const& name) {
    co_return readers_.read([&](SqliteDb& db) { return read_account(db, name); });
}

Task<Result<>> SqliteAccounts::add(AccountFact account, Actor by) {
    return writer_.run(ChangeScope::accounts(), [a = std::move(account), b = std::move(by)](SqliteDb& db) {
        return insert(db, a, b);
    });
}

Task<Result<AccountFact>> SqliteAccounts::change(std::string name, AccountChange change, Actor by, Time now) {
    return writer_.run(ChangeScope::accounts(),
                       [n = std::move(name), c = std::move(change), b = std::move(by), now](SqliteDb& db) {
                           return update(db, n, c, b, now);
                       });
}

Task<Result<>> SqliteAccounts::remove(std::string const& name, Actor by, Time now) {
    return writer_.run(ChangeScope::accounts(),
                       [=, b = std::move(by)](SqliteDb& db) { return erase(db, name, b, now); });
}

}  // namespace ocilot::meta
