#include "jobs/charged_limits.h"

#include "auth/logins.h"
#include "registry/quota.h"

#include <array>
#include <utility>

namespace ocilot::jobs {

namespace {

using policy::CallerKind;

constexpr std::array charged_kinds{CallerKind::user, CallerKind::robot, CallerKind::federated,
                                   CallerKind::certificate};

policy::Caller charged_caller(std::string_view charged) {
    policy::Caller caller;
    auto const colon = charged.find(':');
    if (colon == charged.npos) return caller;
    for (auto const kind : charged_kinds) {
        if (policy::to_string(kind) == charged.substr(0, colon)) caller.kind = kind;
    }
    caller.name = charged.substr(colon + 1);
    return caller;
}

}  // namespace

Task<Result<meta::QuotaLimits>> limits_of_charged(registry::Registry& registry, bool has_accounts,
                                                  std::string charged) {
    auto caller = charged_caller(charged);
    bool const may_have_account = caller.kind == CallerKind::user || caller.kind == CallerKind::robot;
    if (may_have_account && has_accounts) {
        auto const account = co_await registry.meta.accounts().account(caller.name);
        if (account.has_error() && account.error().code != Errc::not_found) co_return account.error();
        if (account.has_value()) {
            auto known = auth::caller_of(*account);
            if (known.kind == caller.kind) caller = std::move(known);
        }
    }
    co_return registry::limits_of(registry.rules, caller);
}

}  // namespace ocilot::jobs
