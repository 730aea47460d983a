#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <cstdint>
#include <optional>
#include <string>
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

/// Accounts. Every write is one durable transaction that also writes a change. All of an account but its name
/// is mutable (see MetaStore), and a removed name may come back as another account. Thread-safe; Tasks may
/// come from any I/O context.
class Accounts {
  public:
    virtual ~Accounts() = default;

    /// Grows with every write committed by this process that can change what credentials are worth, here or
    /// in Tokens or Keys: with all but Tokens::note_use and a new refresh token, which nobody has remembered.
    /// Costs nothing to ask; what was read before it grew is to be read again. Where several processes
    /// write, it does not grow with the commits of others: what is remembered needs an age limit as well.
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
};

}  // namespace ocilot::meta
