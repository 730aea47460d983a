#include "meta/sqlite/accounts.h"

#include "meta/sqlite/names_json.h"
#include "meta/sqlite/journal.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

/// What an administrator wants to see of an account; never its password.
std::string described(AccountFact const& account) {
    return fmt::format(
        "{}{}{}{}{}", account.robot ? "robot" : "user", account.password_hash.empty() ? "" : ", password",
        account.groups.empty() ? "" : fmt::format(", groups {}", fmt::join(account.groups, " ")),
        account.admin ? ", admin" : "", account.disabled ? ", disabled" : "");
}

std::string differences(AccountFact const& old, AccountFact const& now) {
    std::vector<std::string> found;
    if (old.password_hash != now.password_hash) {
        found.emplace_back(now.password_hash.empty() ? "no password" : "new password");
    }
    if (old.groups != now.groups) {
        found.push_back(now.groups.empty() ? "no groups"
                                           : fmt::format("groups {}", fmt::join(now.groups, " ")));
    }
    if (old.admin != now.admin) found.emplace_back(now.admin ? "admin" : "no admin");
    if (old.disabled != now.disabled) found.emplace_back(now.disabled ? "disabled" : "enabled");
    return fmt::format("{}", fmt::join(found, ", "));
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
        return Error{Errc::conflict, fmt::format("there is an account {} already; choose another name, or "
                                                 "change the one there is",
                                                 account.name)};
    }
    return write_entry(db, {.at = account.created_at,
                            .action = "account.add",
                            .by = by,
                            .subject = account.name,
                            .detail = described(account)});
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
    CHECK(write_entry(db, {.at = now,
                           .action = "account.change",
                           .by = by,
                           .subject = name,
                           .detail = differences(old, account)}));
    return account;
}

Result<> erase(SqliteDb& db, std::string const& name, Actor const& by, Time now) {
    TRY(auto const removed, db.change("DELETE FROM account WHERE name = ?1", {name}));
    if (removed == 0) return account_unknown(name);
    CHECK(db.change("DELETE FROM token WHERE account = ?1", {name}));
    return write_entry(db, {.at = now, .action = "account.remove", .by = by, .subject = name});
}

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

Result<> insert_key(SqliteDb& db, KeyFact const& key, Time keep_from, Actor const& by) {
    TRY(auto const added,
        db.change("INSERT INTO signing_key (id, private_pem, created_at) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT DO NOTHING",
                  {key.id, key.private_pem, stored(key.created_at)}));
    if (added == 0) {
        return Error{Errc::conflict, fmt::format("there is a key {} already; make another one", key.id)};
    }
    TRY(auto const removed,
        db.change("DELETE FROM signing_key WHERE created_at < ?1 AND id <> ?2", {stored(keep_from), key.id}));
    return write_entry(db, {.at = key.created_at,
                            .action = "key.add",
                            .by = by,
                            .subject = key.id,
                            .detail = removed == 0 ? "" : fmt::format("removed {} old keys", removed)});
}

}  // namespace

Task<Result<Slice<AccountFact>>> SqliteAccounts::accounts(Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_accounts(db, page); });
}

Task<Result<AccountFact>> SqliteAccounts::account(std::string const& name) {
    co_return readers_.read([&](SqliteDb& db) { return read_account(db, name); });
}

Task<Result<>> SqliteAccounts::add(AccountFact account, Actor by) {
    return writer_.run(Scope::accounts(), [a = std::move(account), b = std::move(by)](SqliteDb& db) {
        return insert(db, a, b);
    });
}

Task<Result<AccountFact>> SqliteAccounts::change(std::string name, AccountChange change, Actor by, Time now) {
    return writer_.run(Scope::accounts(), [n = std::move(name), c = std::move(change), b = std::move(by),
                                           now](SqliteDb& db) { return update(db, n, c, b, now); });
}

Task<Result<>> SqliteAccounts::remove(std::string const& name, Actor by, Time now) {
    return writer_.run(Scope::accounts(),
                       [=, b = std::move(by)](SqliteDb& db) { return erase(db, name, b, now); });
}

Task<Result<std::vector<KeyFact>>> SqliteAccounts::keys() {
    co_return readers_.read(read_keys);
}

Task<Result<>> SqliteAccounts::add_key(KeyFact key, Time keep_from, Actor by) {
    return writer_.run(Scope::accounts(), [k = std::move(key), keep_from, b = std::move(by)](SqliteDb& db) {
        return insert_key(db, k, keep_from, b);
    });
}

}  // namespace ocilot::meta
