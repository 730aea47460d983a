#include "http/api/caller_usage.h"

#include "auth/logins.h"
#include "http/api/admin.h"
#include "http/core/page.h"
#include "registry/quota.h"

#include <array>
#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;
using policy::CallerKind;

constexpr std::size_t callers_without_n = 100;
constexpr std::size_t most_callers = 1000;
constexpr std::array charged_kinds{CallerKind::user, CallerKind::robot, CallerKind::federated,
                                   CallerKind::certificate};

/// Who `meta::charged_to` has named so; without the groups that only a login tells.
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

/// The quota of a caller, by his name and the groups of his account, if he has one here.
Task<Result<meta::QuotaLimits>> quota_of(Context const& context, std::string_view charged) {
    auto caller = charged_caller(charged);
    bool const may_have_account = caller.kind == CallerKind::user || caller.kind == CallerKind::robot;
    if (may_have_account && context.tokens != nullptr) {
        auto const account = co_await context.registry.meta.accounts().account(caller.name);
        if (account.has_error() && account.error().code != Errc::not_found) co_return account.error();
        if (account.has_value()) {
            auto known = auth::caller_of(*account);
            if (known.kind == caller.kind) caller = std::move(known);
        }
    }
    co_return registry::limits_of(context.registry.rules, caller);
}

Json json_of(meta::CallerUsage const& each, meta::QuotaLimits const& limits) {
    auto const shown = [](std::optional<std::uint64_t> limit) { return limit ? Json(*limit) : Json(); };
    return {{"caller", each.caller},           {"bytes", each.usage.bytes},
            {"blobs", each.usage.blobs},       {"manifests", each.usage.manifests},
            {"tags", each.usage.tags},         {"quota_bytes", shown(limits.bytes)},
            {"quota_tags", shown(limits.tags)}};
}

}  // namespace

Task<Result<Response>> usage_of_callers(Context const& context) {
    CO_TRY(auto const page, PageQuery::parse(context.query, callers_without_n, most_callers));
    auto& report = context.registry.meta.collection().report();
    CO_TRY(auto const found, co_await report.caller_usages(page.page()));
    auto list = Json::array();
    for (auto const& each : found.items) {
        if (page.size == 0) break;
        CO_TRY(auto const limits, co_await quota_of(context, each.caller));
        list.push_back(json_of(each, limits));
    }
    bool const counted = !context.registry.rules.caller_quotas.empty();
    auto response = json_response(200, {{"counted", counted}, {"callers", std::move(list)}});
    if (found.more && page.size > 0) {
        Parameters const next{
            {"by", "caller"}, {"n", std::to_string(page.size)}, {"last", found.items.back().caller}};
        response.set("Link", next_link(context.urls.local("/api/v1/usage"), next));
    }
    co_return response;
}

}  // namespace ocilot::http
