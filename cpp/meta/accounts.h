#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::meta {

/// Somebody who logs in: a person, or a machine.
struct AccountFact {
    std::string name;
    bool robot = false;
    std::string password_hash = {};  ///< as crypt(5) writes it; empty: no password, only tokens
    std::vector<std::string> groups = {};
    bool admin = false;
    bool disabled = false;
    Time created_at{};
};

/// What to change of an account; what is not given stays as it is.
struct AccountChange {
    std::optional<std::string> password_hash = {};  ///< empty: no password any more
    std::optional<std::vector<std::string>> groups = {};
    std::optional<bool> admin = {};
    std::optional<bool> disabled = {};
};

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

/// A key that tokens are signed with. The youngest signs; the others still verify.
struct KeyFact {
    std::string id;
    std::string private_pem;
    Time created_at{};
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
inline constexpr std::size_t most_refresh_tokens = 50;

/// Accounts, their tokens and the keys of the token server. Every write but note_use is one durable
/// transaction that also notes who did it in the journal. Thread-safe; Tasks may come from any I/O context.
class Accounts {
  public:
    virtual ~Accounts() = default;

    /// Grows with every committed write that can change what credentials are worth: with all but note_use and
    /// a new refresh token, which nobody has remembered. Costs nothing to ask; what was read before it grew
    /// is to be read again.
    [[nodiscard]] virtual std::uint64_t version() const noexcept = 0;

    /// By name.
    virtual Task<Result<Slice<AccountFact>>> accounts(Page page) = 0;
    /// not_found if there is none.
    virtual Task<Result<AccountFact>> account(std::string const& name) = 0;
    /// conflict if the name is taken.
    virtual Task<Result<>> add(AccountFact account, Actor by) = 0;
    /// Answers the account as it is then; not_found if there is none. Another password ends the account's
    /// refresh tokens: they stand for a login with the old one.
    virtual Task<Result<AccountFact>> change(std::string name, AccountChange change, Actor by, Time now) = 0;
    /// Removes an account and all its tokens; not_found if there is none.
    virtual Task<Result<>> remove(std::string const& name, Actor by, Time now) = 0;

    /// A page; costs what it shows.
    virtual Task<Result<Slice<TokenFact>>> tokens(TokenQuery query) = 0;
    /// not_found if there is none.
    virtual Task<Result<TokenFact>> token(std::string const& id) = 0;
    /// not_found if the account does not exist, conflict if the id is taken. A refresh token may be of a name
    /// that has no account here; it takes the place of some that have expired, and of the account's oldest if
    /// there are most_refresh_tokens.
    virtual Task<Result<>> add_token(TokenFact token, Actor by) = 0;
    /// not_found if there is none.
    virtual Task<Result<>> remove_token(std::string const& id, Actor by, Time now) = 0;
    /// Notes when tokens were last used; those that are gone are passed over.
    virtual Task<Result<>> note_use(std::vector<std::pair<std::string, Time>> used) = 0;

    /// Youngest first.
    virtual Task<Result<std::vector<KeyFact>>> keys() = 0;
    /// Adds a key and removes those made before `keep_from`; conflict if the id is taken.
    virtual Task<Result<>> add_key(KeyFact key, Time keep_from, Actor by) = 0;
};

}  // namespace ocilot::meta
