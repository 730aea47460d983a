#include "auth/hook_call_budget.h"

#include <utility>

namespace ocilot::auth {

Task<Result<std::optional<bool>>> HookCallBudget::may_without_limit(policy::Caller const& caller,
                                                                    policy::Access access) {
    if (auto const decided = guard_.decide_without_hooks(caller, access)) co_return decided;
    if (left_ == 0 || (client_ != nullptr && client_->has_disconnected())) co_return std::optional<bool>();
    --left_;
    CO_TRY(bool const may, co_await guard_.may_without_limit(caller, std::move(access)));
    co_return std::optional(may);
}

Task<Result<std::optional<bool>>> HookCallBudget::may(policy::Caller const& caller, policy::Access access) {
    if (caller.limit && !caller.limit->covers(access)) {
        if (guard_.open()) co_return std::optional(false);
        policy::Caller without_credentials;
        without_credentials.address = caller.address;
        CO_TRY(auto const is_public, co_await may_without_limit(without_credentials, access));
        if (!is_public.value_or(false)) co_return is_public;
    }
    co_return co_await may_without_limit(caller, std::move(access));
}

}  // namespace ocilot::auth
