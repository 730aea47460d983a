#include "http/core/acting_caller.h"

#include "auth/logins.h"
#include "base/quote.h"

#include <fmt/format.h>

namespace ocilot::http {

namespace {

constexpr std::string_view header_name = "Ocilot-As";

Error not_an_account(std::string_view value, std::string_view why) {
    return {Errc::unauthorized, fmt::format("cannot act as {}: the account {}", quote(value), why)};
}

}  // namespace

std::optional<std::string_view> acts_for(Request const& request) noexcept {
    return request.local ? request.header(header_name) : std::nullopt;
}

Task<Result<policy::Caller>> acting_caller(registry::Registry& registry, bool keeps_accounts,
                                           std::string_view value) {
    using policy::CallerKind;
    auto const colon = value.find(':');
    auto const kind = value.substr(0, colon);
    bool const is_robot = kind == "robot";
    if (colon == value.npos || colon + 1 == value.size() || (!is_robot && kind != "user")) {
        co_return Error{Errc::bad_request, fmt::format("invalid {} {}: expected robot:NAME or user:NAME",
                                                       header_name, quote(value))};
    }
    std::string name(value.substr(colon + 1));
    if (!keeps_accounts) {
        policy::Caller caller;
        caller.name = std::move(name);
        caller.kind = is_robot ? CallerKind::robot : CallerKind::user;
        co_return caller;
    }
    auto const account = co_await registry.meta.accounts().account(std::move(name));
    bool const is_unknown = account.has_error() && account.error().code == Errc::not_found;
    if (account.has_error() && !is_unknown) co_return account.error();
    if (is_unknown || account->robot != is_robot) co_return not_an_account(value, "does not exist");
    if (account->disabled) co_return not_an_account(value, "is disabled");
    co_return auth::caller_of(*account);
}

}  // namespace ocilot::http
