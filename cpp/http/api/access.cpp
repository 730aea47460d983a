#include "auth/logins.h"
#include "base/quote.h"
#include "http/api/routes.h"
#include "http/core/header.h"
#include "http/core/json.h"
#include "oci/media_type.h"

#include <array>
#include <fmt/format.h>

namespace ocilot::http {

namespace {

using policy::Action;
using policy::CallerKind;

constexpr std::array actions{Action::pull, Action::create, Action::push, Action::remove, Action::admin};
constexpr std::array kinds{CallerKind::user, CallerKind::robot, CallerKind::federated,
                           CallerKind::certificate};

template <class Values>
auto named(Values const& values, std::string_view word) -> std::optional<typename Values::value_type> {
    for (auto const value : values) {
        if (policy::to_string(value) == word) return value;
    }
    return std::nullopt;
}

Error bad(std::string_view what, std::string_view word, std::string_view choices) {
    return {Errc::bad_request,
            fmt::format("unknown {1} {0}: expected one of {2}", quote(word), what, choices)};
}

/// An account as it is, if the query names one and says nothing else about the caller.
Task<Result<std::optional<policy::Caller>>> account_of(Context const& context) {
    auto const name = context.query.first("user").value_or("");
    bool const said_more = context.query.first("kind") || context.query.first("groups");
    if (context.tokens == nullptr || name.empty() || said_more) co_return std::optional<policy::Caller>{};
    auto const account = co_await context.registry.meta.accounts().account(std::string(name));
    if (account.has_value()) co_return std::optional(auth::caller_of(*account));
    if (account.error().code != Errc::not_found) co_return account.error();
    co_return std::optional<policy::Caller>{};
}

Result<policy::Caller> caller_of(Query const& query) {
    policy::Caller caller;
    caller.name = query.first("user").value_or("");
    if (caller.name.empty()) return caller;
    auto const word = query.first("kind").value_or("user");
    auto const kind = named(kinds, word);
    if (!kind) return bad("kind of caller", word, "user, robot, federated and certificate");
    caller.kind = *kind;
    auto rest = query.first("groups").value_or("");
    while (!rest.empty()) {
        if (auto const group = trimmed(cut(rest, ',')); !group.empty()) caller.groups.emplace_back(group);
    }
    return caller;
}

Result<policy::Access> access_of(Query const& query) {
    policy::Access access;
    auto const word = query.first("action").value_or("pull");
    auto const action = named(actions, word);
    if (!action) return bad("action", word, "pull, create, push, delete and admin");
    access.action = *action;
    if (auto const name = query.first("repository"); name && !name->empty()) {
        TRY(access.repository, oci::RepositoryName::parse(*name));
    }
    return access;
}

/// `GET /api/v1/access`: whether somebody may do something, and who says so.
Task<Result<Response>> get_access(Context const& context) {
    CO_TRY(auto caller, caller_of(context.query));
    CO_TRY(auto account, co_await account_of(context));
    if (account) caller = std::move(*account);
    CO_TRY(auto const access, access_of(context.query));
    CO_TRY(auto const told, co_await context.guard.explain(caller, access));
    bool sets_new_tags = false;  // Where tags must not be moved, a part of a push may be allowed.
    if (!told.allowed && access.action == Action::push) {
        policy::Access const create{access.repository, Action::create};
        CO_TRY(auto const part, co_await context.guard.explain(caller, create));
        sets_new_tags = part.allowed;
    }
    std::string body = "{";
    body += told.allowed ? R"("allowed":true,)" : R"("allowed":false,)";
    body += sets_new_tags ? R"("partly":"create",)" : R"("partly":null,)";
    append_member(body, "by", told.by);
    body += ',';
    append_member(body, "rule", std::uint64_t{told.rule_decision.rule});
    body += ',';
    append_member(body, "pattern", told.rule_decision.pattern);
    body += ',';
    append_member(body, "rights", told.rule_decision.rights.str());
    body += ',';
    append_member(body, "reason", told.sentence);
    body += '}';
    Response response;
    response.text(oci::media_type::json, std::move(body));
    co_return response;
}

using policy::Action;

constexpr Verb access_verbs[] = {
    {Method::get,
     Action::admin,
     get_access,
     "Explain an access decision: `?user=`, `?kind=`, `?groups=`, `?action=`, `?repository=`.",
     {{{200, "The decision, and the rule or hook that made it."}}},
     {}}};
constexpr Endpoint access_route_table[] = {
    row("/api/v1/access", "access", access_verbs),
};

}  // namespace

RouteTable access_routes() noexcept {
    return access_route_table;
}

}  // namespace ocilot::http
