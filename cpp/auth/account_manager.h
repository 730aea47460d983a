#pragma once

#include "base/blocking_pool.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "meta/accounts.h"
#include "meta/tokens.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::auth {

/// Whether an account can be called so: 1 to 128 of `a-z A-Z 0-9 . _ @ + -`.
[[nodiscard]] bool is_account_name(std::string_view name) noexcept;

/// Makes and changes accounts and the secrets that stand for them, as an administrator asks: checks what is
/// asked, hashes passwords, makes secrets. bad_request with one sentence for what cannot be. Thread-safe.
class AccountManager {
  public:
    struct Parts {
        meta::Accounts& accounts;
        meta::Tokens& tokens;
        BlockingPool& pool;  ///< hashes there
        Clock const& clock;
        Random& random;
    };
    struct NewAccount {
        std::string name;
        bool robot = false;
        std::string password = {};  ///< empty: none, only secrets
        std::vector<std::string> groups = {};
        bool admin = false;
        bool disabled = false;
    };
    /// What is not given stays.
    struct Change {
        std::optional<std::string> password = {};  ///< empty: none any more
        std::optional<std::vector<std::string>> groups = {};
        std::optional<bool> admin = {};
        std::optional<bool> disabled = {};
    };
    struct NewToken {
        std::string account;
        std::string note = {};
        std::vector<std::string> scopes = {};           ///< empty: all that the account may
        std::optional<std::chrono::seconds> life = {};  ///< nullopt: until it is removed
    };
    struct CreatedToken {
        meta::TokenFact fact;
        std::string secret;  ///< kept nowhere: to be shown once
    };

    explicit AccountManager(Parts parts) noexcept : parts_(parts) {}

    /// To read, and to remove.
    [[nodiscard]] meta::Accounts& accounts() const noexcept { return parts_.accounts; }
    [[nodiscard]] meta::Tokens& tokens() const noexcept { return parts_.tokens; }

    /// conflict if the name is taken.
    Task<Result<meta::AccountFact>> add(NewAccount account, meta::Actor by);
    /// not_found if there is none.
    Task<Result<meta::AccountFact>> change(std::string name, Change change, meta::Actor by);
    /// not_found if there is no such account.
    Task<Result<CreatedToken>> create_token(NewToken token, meta::Actor by);

  private:
    /// An empty hash for an empty password.
    Task<Result<std::string>> hashed(std::string password);

    Parts parts_;
};

}  // namespace ocilot::auth
