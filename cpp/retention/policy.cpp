#include "retention/policy.h"

#include "base/counted.h"
#include "retention/parse_rule.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace ocilot::retention {

namespace {

using Json = nlohmann::json;

constexpr std::size_t most_rules = 100;

Result<std::vector<oci::RepositoryPattern>> repositories_of(Members const& members, std::string_view name) {
    TRY(auto const texts, members.texts(name));
    std::vector<oci::RepositoryPattern> patterns;
    for (auto const& text : texts) {
        auto pattern = oci::RepositoryPattern::parse(text);
        if (pattern.has_error()) {
            return expected_at(members.at(name), "repository patterns such as team/app, mirror/* or **");
        }
        patterns.push_back(std::move(*pattern));
    }
    return patterns;
}

Result<std::vector<Rule>> rules_of(Members const& members, std::string_view name, Purpose purpose) {
    std::vector<Rule> rules;
    auto const* const list = members.find(name);
    if (list == nullptr) return rules;
    if (!list->is_array() || list->size() > most_rules) {
        return expected_at(members.at(name), "a list of at most 100 rules");
    }
    for (auto const& item : *list) {
        auto at = members.at(name);
        at.push_back(std::to_string(rules.size()));
        TRY(auto rule, parse_rule(item, std::move(at), purpose));
        rules.push_back(std::move(rule));
    }
    return rules;
}

Result<Policy> policy_of(Json const& value, Path at) {
    constexpr auto what = "a policy with name, repositories, keep and delete";
    TRY(auto const members, Members::of(value, std::move(at), what));
    CHECK(members.only(
        {"name", "repositories", "except", "keep", "delete", "floor", "protect", "fuse", "every", "at"}));
    TRY(auto const name, members.text("name"));
    if (!name) return expected_at(members.path(), "a policy with a name");
    Policy policy{.name = *name};
    TRY(policy.repositories, repositories_of(members, "repositories"));
    if (policy.repositories.empty()) {
        return expected_at(members.path(), "a policy with repositories, such as ['team/**']");
    }
    TRY(policy.except, repositories_of(members, "except"));
    TRY(policy.keep, rules_of(members, "keep", Purpose::keep));
    TRY(policy.remove, rules_of(members, "delete", Purpose::remove));
    if (policy.keep.empty() && policy.remove.empty()) {
        return expected_at(members.path(), "a policy with rules in delete, and optionally in keep");
    }
    TRY(auto const floor, members.number("floor", 0));
    policy.floor = floor.value_or(1);
    TRY(policy.protect, members.tag_patterns("protect"));
    if (!members.has("protect")) policy.protect.push_back(Glob::parse("latest").value());
    TRY(policy.fuse, parse_fuse(members));
    TRY(policy.schedule, parse_schedule(members));
    return policy;
}

Result<std::vector<Policy>> policies_of(Json const& document, std::size_t most) {
    if (!document.is_array() || document.size() > most) {
        return expected_at({}, "a list of at most " + counted(most, "policy", "policies"));
    }
    std::vector<Policy> policies;
    std::set<std::string> names;
    for (auto const& item : document) {
        Path at{std::to_string(policies.size())};
        TRY(auto policy, policy_of(item, at));
        if (!names.insert(policy.name).second) {
            at.emplace_back("name");
            return expected_at(std::move(at), "a name that no other policy has");
        }
        policies.push_back(std::move(policy));
    }
    return policies;
}

std::string patterns_text(std::vector<Glob> const& patterns) {
    std::vector<std::string_view> texts;
    texts.reserve(patterns.size());
    for (auto const& pattern : patterns) texts.push_back(pattern.str());
    return fmt::format("{}", fmt::join(texts, " "));
}

std::string_view order_text(Rule const& rule) {
    if (rule.by == Order::pull) return " by pull";
    return rule.by == Order::push && rule.semver ? " by push" : "";
}

std::string count_text(Rule const& rule) {
    auto const newest = rule.newest.value_or(0);
    auto text =
        ", newest " + (rule.count_images ? counted(newest, "image", "images") : std::to_string(newest));
    text += order_text(rule);
    switch (rule.per) {
        case Group::none:
            break;
        case Group::pattern:
            text += " per pattern";
            break;
        case Group::minor:
            text += " per minor";
            break;
        case Group::major:
            text += " per major";
            break;
        case Group::annotation:
            text += " per annotation " + rule.per_key;
            break;
        case Group::label:
            text += " per label " + rule.per_key;
            break;
    }
    return text;
}

std::string conditions_text(Rule const& rule) {
    std::string text;
    if (!rule.except.empty()) text += " except " + patterns_text(rule.except);
    for (auto const& [key, pattern] : rule.annotations) {
        text += fmt::format(", annotation {}: {}", key, pattern.str());
    }
    for (auto const& [key, pattern] : rule.labels) text += fmt::format(", label {}: {}", key, pattern.str());
    if (!rule.artifact_types.empty()) text += ", artifact type " + patterns_text(rule.artifact_types);
    if (!rule.also.empty()) text += ", also " + patterns_text(rule.also);
    if (!rule.unless_also.empty()) text += ", unless also " + patterns_text(rule.unless_also);
    if (rule.older_than) text += ", older than " + duration_text(*rule.older_than);
    if (rule.pushed_within) text += ", pushed within " + duration_text(*rule.pushed_within);
    if (rule.pulled_within) text += ", pulled within " + duration_text(*rule.pulled_within);
    if (rule.newest) text += count_text(rule);
    if (rule.until_size) text += fmt::format(", until {}{}", size_text(*rule.until_size), order_text(rule));
    if (rule.all_tags) text += ", all tags of these images";
    return text;
}

}  // namespace

bool Policy::matches(oci::RepositoryName const& repository) const noexcept {
    auto const fits = [&](oci::RepositoryPattern const& pattern) { return pattern.matches(repository); };
    return std::ranges::any_of(repositories, fits) && std::ranges::none_of(except, fits);
}

bool Policy::uses_labels() const noexcept {
    bool const keeps_by_them = std::ranges::any_of(keep, &Rule::uses_labels);
    return keeps_by_them || (is_due && std::ranges::any_of(remove, &Rule::uses_labels));
}

bool uses_labels(std::vector<Policy> const& policies, oci::RepositoryName const& repository) noexcept {
    return std::ranges::any_of(
        policies, [&](Policy const& policy) { return policy.uses_labels() && policy.matches(repository); });
}

std::set<std::string, std::less<>> label_keys(std::vector<Policy> const& policies) {
    std::set<std::string, std::less<>> keys;
    for (auto const& policy : policies) {
        for (auto const* const rules : {&policy.keep, &policy.remove}) {
            for (auto const& rule : *rules) {
                for (auto const& [key, pattern] : rule.labels) keys.insert(key);
                if (rule.per == Group::label) keys.insert(rule.per_key);
            }
        }
    }
    return keys;
}

Result<std::vector<Policy>> parse_policies(std::string_view json, std::size_t most) {
    auto const document = Json::parse(json, nullptr, false);
    if (document.is_discarded()) return expected_at({}, "JSON");
    return policies_of(document, most);
}

Result<Policy> parse_clients_policy(std::string_view json) {
    auto const document = Json::parse(json, nullptr, false);
    if (document.is_discarded()) return expected_at({}, "JSON");
    TRY(auto policy, policy_of(document, {}));
    auto const rule = std::ranges::find_if(policy.keep, &Rule::reads_file);
    if (rule == policy.keep.end()) return policy;
    return refused_at({"keep", std::to_string(rule - policy.keep.begin()), "in-use"},
                      "a list in a file is for policies of the configuration; use a URL such as "
                      "https://inventory.example.com/deployed.txt");
}

Result<> check_reads_no_file(std::vector<Policy> const& policies) {
    for (std::size_t number = 0; number < policies.size(); ++number) {
        auto const& keep = policies[number].keep;
        auto const rule = std::ranges::find_if(keep, &Rule::reads_file);
        if (rule == keep.end()) continue;
        return refused_at(
            {std::to_string(number), "keep", std::to_string(rule - keep.begin()), "in-use"},
            "a list in a file can be tried on the machine of the registry only; use a URL such as "
            "https://inventory.example.com/deployed.txt");
    }
    return {};
}

std::string rule_text(Rule const& rule) {
    switch (rule.selection) {
        case Selection::untagged:
            return "untagged" + conditions_text(rule);
        case Selection::orphaned:
            return "orphaned referrers" + conditions_text(rule);
        case Selection::in_use:
            // What follows the path of a URL may be a secret.
            return "in use by " + rule.in_use.substr(0, rule.in_use.find('?'));
        case Selection::tags:
            break;
    }
    auto const names = rule.tags.empty() ? std::string("*") : patterns_text(rule.tags);
    auto const* const kind = rule.prereleases ? "versions and prereleases " : "versions ";
    return fmt::format("{}{}{}", rule.semver ? kind : "tags ", names, conditions_text(rule));
}

std::string duration_text(std::chrono::seconds time) {
    using std::chrono::seconds;
    static constexpr std::pair<seconds, char> units[] = {
        {std::chrono::days(1), 'd'}, {std::chrono::hours(1), 'h'}, {std::chrono::minutes(1), 'm'}};
    for (auto const& [unit, letter] : units) {
        if (time >= unit && time % unit == seconds(0)) return fmt::format("{}{}", time / unit, letter);
    }
    return fmt::format("{}s", time.count());
}

std::string size_text(std::uint64_t bytes) {
    static constexpr std::pair<unsigned, std::string_view> units[] = {
        {40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
    for (auto const& [power, unit] : units) {
        auto const one = std::uint64_t{1} << power;
        if (bytes >= one && bytes % one == 0) return fmt::format("{}{}", bytes / one, unit);
    }
    return fmt::format("{}B", bytes);
}

}  // namespace ocilot::retention
