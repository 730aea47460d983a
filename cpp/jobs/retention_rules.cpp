#include "jobs/retention_rules.h"

#include "base/read_file.h"
#include "jobs/plan_document.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace ocilot::jobs {

namespace {

constexpr std::size_t longest_list = 64 * 1024 * 1024;

Result<InUse> read_list(std::string const& path) {
    TRY(auto const text, text_of_file(path, longest_list));
    return parse_in_use(text);
}

}  // namespace

Result<RetentionRules> RetentionRules::parse(std::string source) {
    auto policies = retention::parse_policies(source);
    if (policies.has_error()) {
        auto const& problem = policies.error();
        std::string at = "policies";
        for (auto const& step : problem.subjects) at += "." + step;
        return Error{Errc::bad_request, problem.code == Errc::unsupported
                                            ? fmt::format("{} cannot be used: {}", at, problem.message)
                                            : fmt::format("invalid {}: expected {}", at, problem.message)};
    }
    auto version = version_of(source);
    return RetentionRules{std::move(source), std::move(*policies), std::move(version), false};
}

void RetentionRules::only(std::vector<std::string> const& names) {
    for (auto& policy : policies) {
        if (std::ranges::find(names, policy.name) == names.end()) policy.remove.clear();
    }
    some_only = true;
}

bool RetentionRules::matches(oci::RepositoryName const& repository) const noexcept {
    return std::ranges::any_of(policies, [&](retention::Policy const& policy) {
        return (!some_only || !policy.remove.empty()) && policy.matches(repository);
    });
}

Task<Result<InUseLists>> read_lists(std::vector<retention::Policy> const& policies, BlockingPool& pool) {
    std::set<std::string> paths;
    for (auto const& policy : policies) {
        for (auto const& rule : policy.keep) {
            if (!rule.in_use.empty()) paths.insert(rule.in_use);
        }
    }
    InUseLists lists;
    for (auto const& path : paths) {
        auto const read = [&path] { return read_list(path); };
        auto list = co_await pool.run(read);
        if (list.has_error()) {
            co_return Error{
                Errc::unavailable,
                fmt::format("cannot read the list of images in use {}: {}; nothing is deleted until "
                            "it can be read",
                            path, list.error().message)};
        }
        lists.emplace(path, std::move(*list));
    }
    co_return lists;
}

}  // namespace ocilot::jobs
