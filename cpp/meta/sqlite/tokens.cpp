#include "meta/sqlite/tokens.h"

#include "meta/sqlite/journal.h"
#include "meta/sqlite/names_json.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace ocilot::meta {

namespace {

/// How many expired refresh tokens make room for a new one: more than one, so that they get fewer.
constexpr std::int64_t expired_at_once = 8;

std::optional<Time> time_or_none(SqliteRows const& rows, int column) {
    return rows.is_null(column) ? std::nullopt : std::optional(stored_time(rows, column));
}

SqliteValue stored_or_null(std::optional<Time> const& time) {
    return time ? SqliteValue(stored(*time)) : SqliteValue(nullptr);
}

Result<TokenFact> token_of(SqliteRows const& rows) {
    TRY(auto scopes, names_from_json(rows.view(4)));
    return TokenFact{
        .id = rows.text(0),
        .account = rows.text(1),
        .secret_hash = rows.text(2),
        .note = rows.text(3),
        .scopes = std::move(scopes),
        .refresh = rows.integer(5) != 0,
        .created_at = stored_time(rows, 6),
        .expires_at = time_or_none(rows, 7),
        .last_used_at = time_or_none(rows, 8),
    };
}

Result<> collect(SqliteRows rows, std::vector<TokenFact>& tokens) {
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return {};
        TRY(auto token, token_of(rows));
        tokens.push_back(std::move(token));
    }
}

/// One more than the page holds, of one kind: both lie apart in the index.
Result<> read_tokens(SqliteDb& db, TokenQuery const& query, bool refresh, std::vector<TokenFact>& tokens) {
    auto const after = query.after.value_or(TokenQuery::Place{Time::min(), {}});
    Page const page{.after = {}, .limit = query.limit};
    if (query.account.empty()) {
        TRY(auto rows, db.query("SELECT id, account, secret_hash, note, scopes, refresh, created_at, "
                                "expires_at, last_used_at FROM token WHERE refresh = ?1 "
                                "AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4",
                                {std::int64_t{refresh}, stored(after.created_at), after.id, one_more(page)}));
        return collect(std::move(rows), tokens);
    }
    TRY(auto rows,
        db.query("SELECT id, account, secret_hash, note, scopes, refresh, created_at, "
                 "expires_at, last_used_at FROM token WHERE account = ?1 AND refresh = ?2 "
                 "AND (created_at, id) > (?3, ?4) ORDER BY created_at, id LIMIT ?5",
                 {query.account, std::int64_t{refresh}, stored(after.created_at), after.id, one_more(page)}));
    return collect(std::move(rows), tokens);
}

Result<Slice<TokenFact>> read_page(SqliteDb& db, TokenQuery const& query) {
    Slice<TokenFact> page;
    CHECK(read_tokens(db, query, false, page.items));
    if (query.refresh) {
        CHECK(read_tokens(db, query, true, page.items));
        std::ranges::sort(page.items, {},
                          [](TokenFact const& token) { return std::tie(token.created_at, token.id); });
    }
    page.more = page.items.size() > query.limit;
    if (page.more)
        page.items.erase(page.items.begin() + static_cast<std::ptrdiff_t>(query.limit), page.items.end());
    return page;
}

Result<TokenFact> read_token(SqliteDb& db, std::string const& id) {
    TRY(auto rows, db.query("SELECT id, account, secret_hash, note, scopes, refresh, created_at, "
                            "expires_at, last_used_at FROM token WHERE id = ?1",
                            {id}));
    TRY(bool const row, rows.next());
    if (!row) return token_unknown(id);
    return token_of(rows);
}

/// Whoever logs in again and again gets no more of them.
Result<> make_room(SqliteDb& db, TokenFact const& fresh) {
    CHECK(
        db.change("DELETE FROM token WHERE id IN (SELECT id FROM token INDEXED BY token_expired "
                  "WHERE refresh = 1 AND expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
                  {stored(fresh.created_at), expired_at_once}));
    CHECK(
        db.change("DELETE FROM token WHERE id IN (SELECT id FROM token WHERE account = ?1 AND refresh = 1 "
                  "ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?2)",
                  {fresh.account, static_cast<std::int64_t>(max_refresh_tokens)}));
    return {};
}

Result<> note(SqliteDb& db, ChangeKind kind, TokenFact const& token, Actor const& by, Time now) {
    ChangeDetails details{.account = token.account, .refresh = token.refresh};
    if (kind == ChangeKind::token_add) details.scopes = token.scopes;
    return write_change(db,
                        {.at = now, .kind = kind, .by = by, .name = token.id, .details = std::move(details)});
}

Result<> insert_token(SqliteDb& db, TokenFact const& token, Actor const& by) {
    if (!token.refresh) {
        TRY(auto const account, first_number(db, "SELECT 1 FROM account WHERE name = ?1", {token.account}));
        if (!account) return account_unknown(token.account);
    }
    TRY(auto const scopes, names_to_json(token.scopes));
    TRY(auto const added,
        db.change("INSERT INTO token (id, account, secret_hash, note, scopes, refresh, created_at, "
                  "expires_at, last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
                  "ON CONFLICT DO NOTHING",
                  {token.id, token.account, token.secret_hash, token.note, scopes,
                   std::int64_t{token.refresh}, stored(token.created_at), stored_or_null(token.expires_at),
                   stored_or_null(token.last_used_at)}));
    if (added == 0) {
        return Error{Errc::conflict, fmt::format("token {} already exists; create another one", token.id)};
    }
    if (token.refresh) {
        CHECK(make_room(db, token));
    }
    return note(db, ChangeKind::token_add, token, by, token.created_at);
}

Result<> erase_token(SqliteDb& db, std::string const& id, Actor const& by, Time now) {
    TRY(auto const token, read_token(db, id));
    CHECK(db.change("DELETE FROM token WHERE id = ?1", {id}));
    return note(db, ChangeKind::token_remove, token, by, now);
}

}  // namespace

Task<Result<Slice<TokenFact>>> SqliteTokens::tokens(TokenQuery query) {
    co_return readers_.read([&](SqliteDb& db) { return read_page(db, query); });
}

Task<Result<TokenFact>> SqliteTokens::token(std::string const& id) {
    co_return readers_.read([&](SqliteDb& db) { return read_token(db, id); });
}

Task<Result<>> SqliteTokens::add(TokenFact token, Actor by) {
    // A new refresh token changes nothing that anybody has read: a login must not make others read again.
    auto const scope = token.refresh ? ChangeScope::nothing() : ChangeScope::accounts();
    return writer_.run(
        scope, [t = std::move(token), b = std::move(by)](SqliteDb& db) { return insert_token(db, t, b); });
}

Task<Result<>> SqliteTokens::remove(std::string const& id, Actor by, Time now) {
    return writer_.run(ChangeScope::accounts(),
                       [=, b = std::move(by)](SqliteDb& db) { return erase_token(db, id, b, now); });
}

Task<Result<>> SqliteTokens::note_use(std::vector<std::pair<std::string, Time>> used) {
    return writer_.run(ChangeScope::nothing(), [u = std::move(used)](SqliteDb& db) -> Result<> {
        for (auto const& [id, at] : u) {
            CHECK(db.change("UPDATE token SET last_used_at = ?2 WHERE id = ?1", {id, stored(at)}));
        }
        return {};
    });
}

}  // namespace ocilot::meta
