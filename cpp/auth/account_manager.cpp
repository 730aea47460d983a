#include "auth/account_manager.h"

#include "auth/passwords.h"
#include "auth/resource.h"
#include "auth/secrets.h"
#include "base/quote.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace ocilot::auth {

namespace {

constexpr std::size_t longest_name = 128;
constexpr std::size_t longest_note = 256;
constexpr std::size_t max_groups = 100;
constexpr std::chrono::seconds longest_life{10L * 365 * 24 * 3600};

Error bad(std::string message) {
    return {Errc::bad_request, std::move(message)};
}

/// A text that can be shown on one line.
bool is_line(std::string_view text, std::size_t longest) noexcept {
    return text.size() <= longest && std::ranges::none_of(text, [](char c) {
               auto const byte = static_cast<unsigned char>(c);
               return byte < 0x20 || byte == 0x7f;
           });
}

/// Groups are listed with commas where they are asked for.
bool is_group(std::string_view name) noexcept {
    return !name.empty() && is_line(name, longest_name) && name.find(',') == std::string_view::npos;
}

Result<> check_groups(std::vector<std::string> const& groups) {
    if (groups.size() > max_groups) {
        return bad(fmt::format("invalid groups: expected at most {}, got {}", max_groups, groups.size()));
    }
    std::set<std::string_view> seen;
    for (auto const& group : groups) {
        if (!is_group(group)) {
            return bad(
                fmt::format("invalid group {}: expected 1 to {} bytes without commas and control characters",
                            quote(group), longest_name));
        }
        if (!seen.insert(group).second) return bad(fmt::format("duplicate group {}", quote(group)));
    }
    return {};
}

Result<> check_token(AccountManager::NewToken const& token) {
    if (!is_line(token.note, longest_note)) {
        return bad(
            fmt::format("invalid note: expected at most {} bytes without control characters", longest_note));
    }
    if (token.life && (*token.life <= std::chrono::seconds(0) || *token.life > longest_life)) {
        return bad(fmt::format(
            "invalid expires_in: expected 1 to {} seconds, or none for a token that does not expire",
            longest_life.count()));
    }
    if (token.scopes.size() > max_resources) {
        return bad(fmt::format("invalid scopes: expected at most {}", max_resources));
    }
    CHECK(parse_robot_scopes(token.scopes));
    return {};
}

}  // namespace

bool is_account_name(std::string_view name) noexcept {
    static constexpr std::string_view known =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-";
    return !name.empty() && name.size() <= longest_name &&
           name.find_first_not_of(known) == std::string_view::npos;
}

Task<Result<std::string>> AccountManager::hashed(std::string password) {
    if (password.empty()) co_return std::string();
    auto work = [text = std::move(password)] { return hash_password(text); };
    co_return co_await parts_.pool.run(std::move(work));
}

Task<Result<meta::AccountFact>> AccountManager::add(NewAccount account, meta::Actor by) {
    if (!is_account_name(account.name)) {
        co_return bad(
            fmt::format("invalid account name {}: expected 1 to {} characters of a-z, A-Z, 0-9 and ._@+-",
                        quote(account.name), longest_name));
    }
    CO_CHECK(check_groups(account.groups));
    CO_TRY(auto hash, co_await hashed(std::move(account.password)));
    meta::AccountFact fact{
        .name = std::move(account.name),
        .robot = account.robot,
        .password_hash = std::move(hash),
        .groups = std::move(account.groups),
        .admin = account.admin,
        .disabled = account.disabled,
        .created_at = parts_.clock.now(),
    };
    CO_CHECK(co_await parts_.accounts.add(fact, std::move(by)));
    co_return fact;
}

Task<Result<meta::AccountFact>> AccountManager::change(std::string name, Change change, meta::Actor by) {
    if (change.groups) {
        CO_CHECK(check_groups(*change.groups));
    }
    meta::AccountChange facts{
        .groups = std::move(change.groups), .admin = change.admin, .disabled = change.disabled};
    if (change.password) {
        // Before the work: a name that is a slip of the pen is not worth a hash.
        CO_CHECK(co_await parts_.accounts.account(name));
        CO_TRY(facts.password_hash, co_await hashed(std::move(*change.password)));
    }
    co_return co_await parts_.accounts.change(std::move(name), std::move(facts), std::move(by),
                                              parts_.clock.now());
}

Task<Result<AccountManager::CreatedToken>> AccountManager::create_token(NewToken token, meta::Actor by) {
    CO_CHECK(check_token(token));
    auto secret = make_secret(parts_.random);
    auto const now = parts_.clock.now();
    meta::TokenFact fact{
        .id = std::move(secret.id),
        .account = std::move(token.account),
        .secret_hash = sha256_hex(secret.text),
        .note = std::move(token.note),
        .scopes = std::move(token.scopes),
        .created_at = now,
    };
    if (token.life) fact.expires_at = now + *token.life;
    CO_CHECK(co_await parts_.tokens.add(fact, std::move(by)));
    co_return CreatedToken{std::move(fact), std::move(secret.text)};
}

}  // namespace ocilot::auth
