#include "auth/account_fingerprint.h"

#include "auth/secrets.h"

#include <fmt/format.h>

namespace ocilot::auth {

std::string account_fingerprint(meta::AccountFact const& account) {
    auto const created = account.created_at.time_since_epoch().count();
    return sha256_hex(fmt::format("{} {}", created, account.password_hash)).substr(0, 32);
}

}  // namespace ocilot::auth
