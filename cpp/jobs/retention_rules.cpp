#include "jobs/retention_rules.h"

#include "jobs/plan_document.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::jobs {

Error policy_error(std::string at, Error const& problem) {
    for (auto const& step : problem.subjects) at += "." + step;
    return {Errc::bad_request, problem.code == Errc::unsupported
                                   ? fmt::format("{} cannot be used: {}", at, problem.message)
                                   : fmt::format("invalid {}: expected {}", at, problem.message)};
}

Result<RetentionRules> RetentionRules::parse(std::string source, std::size_t most) {
    auto policies = retention::parse_policies(source, most);
    if (policies.has_error()) return policy_error("policies", policies.error());
    auto version = version_of(source);
    return RetentionRules{std::move(source), std::move(*policies), std::move(version), false};
}

void RetentionRules::only(std::vector<std::string> const& names) {
    for (auto& policy : policies) {
        policy.is_due = std::ranges::find(names, policy.name) != names.end();
    }
    some_only = true;
}

bool RetentionRules::matches(oci::RepositoryName const& repository) const noexcept {
    return std::ranges::any_of(policies, [&](retention::Policy const& policy) {
        bool const can_delete = policy.is_due && !policy.remove.empty();
        return (!some_only || can_delete) && policy.matches(repository);
    });
}

}  // namespace ocilot::jobs
