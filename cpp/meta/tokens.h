#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::meta {

/// A secret that stands for an account in place of its password. Only a hash of the secret is kept.
struct TokenFact {
    std::string id;  ///< public, 16 lower-case hexadecimal digits; part of the secret's text
    std::string account;
    std::string secret_hash;  ///< SHA-256 of the whole text, lower-case hexadecimal
    std::string note = {};    ///< what its owner calls it
    /// `repository:team/**:pull,push`; empty: all that the account may.
    std::vector<std::string> scopes = {};
    bool refresh = false;  ///< given out by a login, not by a person
    Time created_at{};
    std::optional<Time> expires_at = {};
    std::optional<Time> last_used_at = {};
};

/// Which tokens, oldest first, and where a page of them begins.
struct TokenQuery {
    /// After which token: it need not exist any more.
    struct Place {
        Time created_at{};
        std::string id;
    };
    std::string account = {};  ///< empty: of all
    bool refresh = false;      ///< those that logins were given, too
    std::optional<Place> after = {};
    std::size_t limit = 100;
};

/// Most refresh tokens of one account: one more takes the place of the oldest.
inline constexpr std::size_t max_refresh_tokens = 50;

/// Tokens of accounts. Every write but note_use is one durable transaction that also writes a change. A token
/// is immutable from `add` to its removal (see MetaStore), but for last_used_at; whether it is still there
/// is of the moment: see Accounts::version. Thread-safe; Tasks may come from any I/O context.
class Tokens {
  public:
    virtual ~Tokens() = default;

    /// A page; costs what it shows.
    virtual Task<Result<Slice<TokenFact>>> tokens(TokenQuery query) = 0;
    /// not_found if there is none.
    virtual Task<Result<TokenFact>> token(std::string const& id) = 0;
    /// not_found if the account does not exist, conflict if the id is taken. A refresh token may be of a name
    /// that has no account here; it takes the place of some that have expired, and of the account's oldest if
    /// there are most_refresh_tokens.
    virtual Task<Result<>> add(TokenFact token, Actor by) = 0;
    /// not_found if there is none.
    virtual Task<Result<>> remove(std::string const& id, Actor by, Time now) = 0;
    /// Notes when tokens were last used; those that are gone are passed over.
    virtual Task<Result<>> note_use(std::vector<std::pair<std::string, Time>> used) = 0;
};

}  // namespace ocilot::meta
