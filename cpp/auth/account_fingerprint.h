#pragma once

#include "meta/accounts.h"

#include <string>

namespace ocilot::auth {

/// What an account is known by in what is made of a login: another account of the same name, and the same
/// account with another password, have another. It tells nothing about the password.
[[nodiscard]] std::string account_fingerprint(meta::AccountFact const& account);

}  // namespace ocilot::auth
