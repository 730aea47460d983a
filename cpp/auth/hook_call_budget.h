#pragma once

#include "auth/guard.h"
#include "base/waiting_client.h"

#include <optional>

namespace ocilot::auth {

/// The questions that one request puts to hooks: a bounded number, and none for a client that has left. What
/// is known already, or decided by the rules, is not a question. One each request; not thread-safe.
class HookCallBudget {
  public:
    static constexpr unsigned max_calls = 50;

    /// `client` may be null: it does not leave.
    HookCallBudget(Guard& guard, WaitingClient const* client, unsigned left = max_calls) noexcept
        : guard_(guard), client_(client), left_(left) {}

    /// As Guard::may_without_limit. nullopt: not asked.
    Task<Result<std::optional<bool>>> may_without_limit(policy::Caller const& caller, policy::Access access);
    /// As Guard::may.
    Task<Result<std::optional<bool>>> may(policy::Caller const& caller, policy::Access access);

  private:
    Guard& guard_;
    WaitingClient const* client_;
    unsigned left_;
};

}  // namespace ocilot::auth
