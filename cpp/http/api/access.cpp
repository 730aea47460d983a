#include "auth/logins.h"
#include "base/json_text.h"
#include "base/quote.h"
#include "http/api/routes.h"
#include "http/core/header.h"
#include "oci/media_type.h"

#include <array>
#include <fmt/format.h>

namespace ocilot::http {

namespace {

using policy::Action;
using policy::CallerKind;

constexpr std::string_view kind_words[] = {"user", "robot", "federated", "certificate"};
constexpr std::string_view action_words[] = {"pull", "create", "push", "delete", "admin"};
constexpr std::string_view part_words[] = {"create"};

constexpr Field user_name =
    optional({"user", schema::any_text, "Name of an account; missing: an anonymous caller."});
constexpr Field caller_kind =
    optional({"kind", schema::one_of(kind_words), "Kind of a caller without an account; default `user`."});
constexpr Field caller_groups =
    optional({"groups", schema::any_text, "Groups of a caller without an account, separated by commas."});
constexpr Field wanted_action = optional({"action", schema::one_of(action_words), "Right; default `pull`."});
constexpr Field accessed_repository =
    optional({"repository", schema::any_text, "Name of a repository; missing or empty: the whole registry."});
constexpr Field access_query[] = {user_name, caller_kind, caller_groups, wanted_action, accessed_repository};

constexpr Field decision_fields[] = {
    {"allowed", schema::boolean},
    {"partly", schema::or_null(schema::one_of(part_words)),
     "`create` if `push` is denied and the caller may set new tags."},
    {"by", schema::any_text, "What decided: `admin`, `hook`, `rule` or `default`."},
    {"rule", schema::count, "Number of the access rule, from 1; 0 for none."},
    {"pattern", schema::any_text, "Pattern of the access rule that matches the repository."},
    {"rights", schema::any_text, "Rights that the access rule grants."},
    {"reason", schema::any_text, "The decision as a sentence, whose words may change."}};
constexpr Schema decision = schema::object_of("AccessDecision", decision_fields);

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
    auto const name = context.query.first(user_name.name).value_or("");
    bool const said_more = context.query.first(caller_kind.name) || context.query.first(caller_groups.name);
    if (context.tokens == nullptr || name.empty() || said_more) co_return std::optional<policy::Caller>{};
    auto const account = co_await context.registry.meta.accounts().account(std::string(name));
    if (account.has_value()) co_return std::optional(auth::caller_of(*account));
    if (account.error().code != Errc::not_found) co_return account.error();
    co_return std::optional<policy::Caller>{};
}

Result<policy::Caller> caller_of(Query const& query) {
    policy::Caller caller;
    caller.name = query.first(user_name.name).value_or("");
    if (caller.name.empty()) return caller;
    auto const word = query.first(caller_kind.name).value_or("user");
    auto const kind = named(kinds, word);
    if (!kind) return bad("kind of caller", word, "user, robot, federated and certificate");
    caller.kind = *kind;
    auto rest = query.first(caller_groups.name).value_or("");
    while (!rest.empty()) {
        if (auto const group = trimmed(cut(rest, ',')); !group.empty()) caller.groups.emplace_back(group);
    }
    return caller;
}

Result<policy::Access> access_of(Query const& query) {
    policy::Access access;
    auto const word = query.first(wanted_action.name).value_or("pull");
    auto const action = named(actions, word);
    if (!action) return bad("action", word, "pull, create, push, delete and admin");
    access.action = *action;
    if (auto const name = query.first(accessed_repository.name); name && !name->empty()) {
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

constexpr Verb access_verbs[] = {{Method::get,
                                  Action::admin,
                                  get_access,
                                  "Explain an access decision.",
                                  {{{200, "The decision, and the rule or hook that made it.", &decision}}},
                                  {},
                                  Operation{.query = access_query}}};
constexpr Endpoint access_route_table[] = {
    row("/api/v1/access", "access", access_verbs),
};

}  // namespace

RouteTable access_routes() noexcept {
    return access_route_table;
}

}  // namespace ocilot::http
