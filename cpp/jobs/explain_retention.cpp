#include "jobs/explain_retention.h"

#include "jobs/plan_document.h"
#include "jobs/retention_schedule.h"
#include "meta/unknown.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::jobs {

namespace {

using Json = nlohmann::ordered_json;
using retention::Index;

void add_rules(Json& list, std::string const& prefix, std::vector<retention::Rule> const& rules,
               retention::View const& view, Index tag) {
    for (std::size_t number = 0; number < rules.size(); ++number) {
        auto const selected = retention::select(rules[number], view);
        auto const is_tag = [&](retention::Selected const& one) { return one.is_tag && one.index == tag; };
        list.push_back({{"rule", fmt::format("{}.{}", prefix, number)},
                        {"text", retention::rule_text(rules[number])},
                        {"selects", std::ranges::any_of(selected, is_tag)}});
    }
}

/// The hooks that name the tag or its image as in use.
void add_hooks_in_use(Json& list, RetentionRules const& rules, retention::View const& view, Index tag) {
    auto const& repository = view.repository();
    auto const applies = [&](retention::Policy const& policy) { return policy.matches(repository.name); };
    if (std::ranges::none_of(rules.policies, applies)) return;
    for (auto const place : repository.hook_lists()) {
        auto const selected = retention::select_in_use(place, view);
        auto const is_tag = [&](retention::Selected const& one) { return one.is_tag && one.index == tag; };
        if (std::ranges::none_of(selected, is_tag)) continue;
        list.push_back({{"rule", place.substr(retention::hook_list_prefix.size())},
                        {"text", "hook images_in_use"},
                        {"selects", true}});
    }
}

std::string explanation(RetentionRules const& rules, retention::Repository const& repository, Index tag,
                        Time now) {
    retention::View const view(repository, now);
    auto const outcome = retention::evaluate(rules.policies, view);
    Json document;
    document["repository"] = repository.name.str();
    for (auto const& row : outcome.rows) {
        if (row.is_tag && row.index == tag) document.update(Json::parse(row_json(rules.policies, view, row)));
    }
    document["pulls"] = repository.tags[tag].pulls;
    auto const since = repository.pulls_counted_since;
    document["pulls_counted_since"] = since ? Json(rfc3339(*since)) : Json();
    auto list = Json::array();
    for (auto const& policy : rules.policies) {
        if (!policy.matches(repository.name)) continue;
        add_rules(list, policy.name + ".keep", policy.keep, view, tag);
        add_rules(list, policy.name + ".delete", policy.remove, view, tag);
    }
    auto const script = repository.hooks.kept.find(repository.tags[tag].name);
    if (script != repository.hooks.kept.end()) {
        list.push_back({{"rule", script->second}, {"text", "hook retain"}, {"selects", true}});
    }
    add_hooks_in_use(list, rules, view, tag);
    document["rules"] = std::move(list);
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Task<Result<std::string>> explain_retention(RetentionParts parts, RetentionRules const& rules,
                                            ImageConfigs& configs, oci::RepositoryName repository,
                                            oci::Tag tag, Round const& round) {
    RuleInputs inputs(parts, rules, configs, retention_time(parts.registry), round);
    CO_CHECK(co_await inputs.begin());
    CO_TRY(auto const state, co_await inputs.read(repository));
    auto const found = std::ranges::find(state.tags, tag.str(), &retention::TagEntry::name);
    if (found == state.tags.end()) co_return meta::tag_unknown(repository, tag);
    auto const index = static_cast<Index>(found - state.tags.begin());
    auto const work = [&]() -> Result<std::string> { return explanation(rules, state, index, inputs.at()); };
    co_return co_await parts.evaluate(work);
}

}  // namespace ocilot::jobs
