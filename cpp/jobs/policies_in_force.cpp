#include "jobs/policies_in_force.h"

#include "base/quote.h"
#include "jobs/plan_document.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::jobs {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_name = 128;
constexpr std::string_view overridden = "the configuration has one with this name";
constexpr char const* count_help = "Policies of retention in force, by where they were set.";

/// It is a segment of a path: `..` is none.
bool is_name(std::string_view name) {
    auto const begins = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    auto const fits = [&](char c) { return begins(c) || c == '.' || c == '_' || c == '-'; };
    return !name.empty() && name.size() <= longest_name && begins(name.front()) &&
           std::ranges::all_of(name, fits);
}

/// Why it cannot be read: a newer version may have written it. Empty: it can.
std::string problem_of(meta::StoredPolicy const& stored) {
    auto const policy = retention::parse_clients_policy(stored.content);
    return policy.has_error() ? policy_error("policy", policy.error()).message : std::string();
}

KnownPolicy known_policy(meta::StoredPolicy stored, bool in_force) {
    auto problem = problem_of(stored);
    return {.name = std::move(stored.name),
            .content = std::move(stored.content),
            .in_force = in_force,
            .changed_at = stored.changed_at,
            .changed_by = std::move(stored.changed_by),
            .error = std::move(problem)};
}

}  // namespace

PoliciesInForce::PoliciesInForce(registry::Registry& registry, RetentionRules configured, Log const& log,
                                 Metrics& metrics)
    : registry_(registry),
      configured_(std::move(configured)),
      log_(log),
      configured_count_(
          metrics.gauge("ocilot_retention_policies", count_help, {{"source", "configuration"}})),
      stored_count_(metrics.gauge("ocilot_retention_policies", count_help, {{"source", "api"}})) {
    configured_count_.set(static_cast<std::int64_t>(configured_.policies.size()));
}

bool PoliciesInForce::is_configured(std::string_view name) const noexcept {
    return std::ranges::find(configured_.policies, name, &retention::Policy::name) !=
           configured_.policies.end();
}

Result<> PoliciesInForce::check_not_configured(std::string_view name) const {
    if (!is_configured(name)) return {};
    return Error{Errc::conflict,
                 fmt::format("the retention policy {} is in the configuration: change it there, in "
                             "ocilot.retention.policies, and restart the registry",
                             name)};
}

Task<Result<std::vector<meta::StoredPolicy>>> PoliciesInForce::stored() {
    CO_TRY(auto found, co_await registry_.meta.retention_policies().policies());
    std::erase_if(found, [this](meta::StoredPolicy const& one) { return is_configured(one.name); });
    stored_count_.set(static_cast<std::int64_t>(found.size()));
    co_return found;
}

std::string PoliciesInForce::source_of(std::vector<meta::StoredPolicy> const& stored) const {
    if (stored.empty()) return configured_.source;
    auto source = configured_.source.substr(0, configured_.source.rfind(']'));
    bool first = configured_.policies.empty();
    for (auto const& one : stored) {
        if (!std::exchange(first, false)) source += ", ";
        source += one.content;
    }
    return source + "]";
}

Task<Result<RetentionRules>> PoliciesInForce::rules() {
    CO_TRY(auto known, co_await readable());
    if (known.unreadable.empty()) co_return std::move(known.rules);
    auto const& first = known.unreadable.front();
    co_return Error{Errc::conflict, fmt::format("cannot read the retention policy {}: {}; nothing is deleted "
                                                "until it is set again or removed",
                                                first.name, first.error)};
}

Task<Result<ReadablePolicies>> PoliciesInForce::readable() {
    CO_TRY(auto found, co_await stored());
    ReadablePolicies known{configured_};
    if (found.empty()) co_return known;
    known.rules.version = version_of(source_of(found));
    auto const unreadable = std::ranges::stable_partition(
        found, [](meta::StoredPolicy const& one) { return problem_of(one).empty(); });
    for (auto& one : unreadable) known.unreadable.push_back(known_policy(std::move(one), true));
    found.erase(unreadable.begin(), unreadable.end());
    for (auto const& one : found) {
        CO_TRY(auto policy, retention::parse_clients_policy(one.content));
        known.rules.policies.push_back(std::move(policy));
    }
    known.rules.source = source_of(found);
    co_return known;
}

Task<Result<std::string>> PoliciesInForce::version() {
    CO_TRY(auto const found, co_await stored());
    co_return found.empty() ? configured_.version : version_of(source_of(found));
}

Task<Result<std::vector<KnownPolicy>>> PoliciesInForce::list() {
    CO_TRY(auto set, co_await registry_.meta.retention_policies().policies());
    std::vector<KnownPolicy> all;
    auto const configured = Json::parse(configured_.source);
    for (std::size_t at = 0; at < configured_.policies.size(); ++at) {
        all.push_back(
            {.name = configured_.policies[at].name, .content = configured[at].dump(), .configured = true});
    }
    for (auto& one : set) {
        bool const in_force = !is_configured(one.name);
        all.push_back(known_policy(std::move(one), in_force));
    }
    co_return all;
}

Task<Result<KnownPolicy>> PoliciesInForce::find(std::string name) {
    CO_TRY(auto all, co_await list());
    auto const found = std::ranges::find(all, name, &KnownPolicy::name);
    if (found == all.end()) {
        co_return Error{Errc::not_found,
                        fmt::format("retention policy {} not found; list the policies", quote(name))};
    }
    co_return std::move(*found);
}

Task<Result<bool>> PoliciesInForce::set(std::string name, std::string content, meta::Actor by) {
    if (!is_name(name)) {
        co_return Error{Errc::bad_request,
                        fmt::format("invalid name {} of a retention policy: expected a letter or digit, then "
                                    "letters, digits and ._-, at most {} characters",
                                    quote(name), longest_name)};
    }
    CO_CHECK(check_not_configured(name));
    auto const policy = retention::parse_clients_policy(content);
    if (policy.has_error()) co_return policy_error("policy", policy.error());
    meta::StoredPolicy stored{name, std::move(content), registry_.clock.now(), by.name};
    CO_TRY(bool const added,
           co_await registry_.meta.retention_policies().set(std::move(stored), retention::most_policies,
                                                            change(meta::ChangeKind::policy_set, name, by)));
    log_.info("retention policy set", {{"policy", name}, {"by", by.name}, {"added", added}});
    co_return added;
}

Task<Result<>> PoliciesInForce::remove(std::string name, meta::Actor by) {
    auto const change = this->change(meta::ChangeKind::policy_remove, name, by);
    auto const removed = co_await registry_.meta.retention_policies().remove(name, change);
    if (removed.has_error() && removed.error().code == Errc::not_found) {
        CO_CHECK(check_not_configured(name));
    }
    CO_CHECK(removed);
    log_.info("retention policy removed", {{"policy", name}, {"by", by.name}});
    co_return Result<>();
}

Task<Result<>> PoliciesInForce::measure() {
    CO_CHECK(co_await stored());
    co_return Result<>();
}

Task<Result<>> PoliciesInForce::log_overridden() {
    CO_TRY(auto const all, co_await list());
    for (auto const& one : all) {
        if (one.in_force) continue;
        log_.warn("retention policy not in force", {{"policy", one.name}, {"reason", overridden}});
    }
    co_return Result<>();
}

meta::Change PoliciesInForce::change(meta::ChangeKind kind, std::string const& name,
                                     meta::Actor const& by) const {
    return {.at = registry_.clock.now(), .kind = kind, .by = by, .name = name};
}

}  // namespace ocilot::jobs
