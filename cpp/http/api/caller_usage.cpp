#include "http/api/caller_usage.h"

#include "http/api/admin.h"
#include "http/core/page.h"
#include "jobs/charged_limits.h"

#include <nlohmann/json.hpp>

namespace ocilot::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t callers_without_n = 100;
constexpr std::size_t most_callers = 1000;

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
    auto& registry = context.registry;
    auto& report = registry.meta.collection().report();
    CO_TRY(auto const found, co_await report.caller_usages(page.page()));
    auto list = Json::array();
    for (auto const& each : found.items) {
        if (page.size == 0) break;
        CO_TRY(auto const limits,
               co_await jobs::limits_of_charged(registry, context.tokens != nullptr, each.caller));
        list.push_back(json_of(each, limits));
    }
    bool const counted = !registry.rules.caller_quotas.empty();
    auto response = json_response(200, {{"counted", counted}, {"callers", std::move(list)}});
    if (found.more && page.size > 0) {
        Parameters const next{
            {"by", "caller"}, {"n", std::to_string(page.size)}, {"last", found.items.back().caller}};
        response.set("Link", next_link(context.urls.local("/api/v1/usage"), next));
    }
    co_return response;
}

}  // namespace ocilot::http
