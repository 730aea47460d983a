#include "auth/guard.h"

#include <fmt/format.h>

namespace ocilot::auth {

Result<policy::Caller> Guard::identify(std::string_view, std::string_view address) {
    return policy::Caller{.name = {}, .groups = {}, .address = std::string(address)};
}

Task<Result<>> Guard::require(policy::Caller const& caller, policy::Access access) {
    if (!gate_.asks(policy::Point::authorize)) co_return Result<>{};
    CO_TRY(auto const decision, co_await gate_.authorize(caller, access));
    if (!decision || decision->allowed) co_return Result<>{};
    co_return Error{Errc::denied,
                    decision->reason.empty()
                        ? fmt::format("a policy does not let you {} here; ask whoever runs this registry",
                                      policy::to_string(access.action))
                        : decision->reason};
}

}  // namespace ocilot::auth
