#pragma once

#include "policy/gate.h"

#include <string_view>

namespace ocilot::auth {

/// Who is it, and may they. An open registry: everybody is anonymous and the rules allow everything that the
/// gate does not refuse.
class Guard {
  public:
    explicit Guard(policy::Gate& gate) noexcept : gate_(gate) {}

    /// The caller behind an `Authorization` header (empty if absent) from `address`. Credentials sent to an
    /// open registry are not looked at, as clients send what they have.
    [[nodiscard]] Result<policy::Caller> identify(std::string_view authorization, std::string_view address);

    /// Whether anybody but the rules, which allow everything, decides: else `require` need not be called.
    [[nodiscard]] bool asks() const noexcept { return gate_.asks(policy::Point::authorize); }
    /// denied (or unauthorized for an anonymous caller) with the reason, or nothing.
    Task<Result<>> require(policy::Caller const& caller, policy::Access access);

  private:
    policy::Gate& gate_;
};

}  // namespace ocilot::auth
