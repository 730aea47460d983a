#include "server/registry_rules.h"

#include "server/import.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::server {

namespace {

Result<std::vector<oci::RepositoryPattern>> patterns_of(std::vector<std::string> const& texts) {
    std::vector<oci::RepositoryPattern> patterns;
    patterns.reserve(texts.size());
    for (auto const& text : texts) {
        TRY(auto pattern, oci::RepositoryPattern::parse(text));
        patterns.push_back(std::move(pattern));
    }
    return patterns;
}

Result<std::vector<policy::Subject>> subjects_of(std::vector<std::string> const& texts) {
    std::vector<policy::Subject> subjects;
    subjects.reserve(texts.size());
    for (auto const& text : texts) {
        TRY(auto subject, policy::Subject::parse(text, policy::Subject::Names::patterns));
        subjects.push_back(std::move(subject));
    }
    return subjects;
}

Result<> add_quotas(Settings const& settings, registry::Rules& rules) {
    for (auto const& rule : settings.storage.quotas) {
        meta::QuotaLimits const limits{rule.bytes, rule.tags};
        if (rule.callers.empty()) {
            TRY(auto repositories, patterns_of(rule.repositories));
            rules.quotas.push_back({std::move(repositories), limits});
        } else {
            TRY(auto callers, subjects_of(rule.callers));
            rules.caller_quotas.push_back({std::move(callers), limits});
        }
    }
    TRY(rules.groups, policy::GroupMembers::compile(settings.auth.access.groups));
    return {};
}

}  // namespace

meta::CallerCounting counting_of(Settings const& settings) {
    bool const wanted =
        std::ranges::any_of(settings.storage.quotas, [](auto const& rule) { return !rule.callers.empty(); });
    return wanted ? meta::CallerCounting::on : meta::CallerCounting::off;
}

jobs::CollectRules collect_rules_of(Settings const& settings, std::string const& root, bool owns_store) {
    return {.grace = settings.upkeep.gc_grace,
            .pending = settings.upkeep.gc_pending,
            .rate = settings.upkeep.gc_rate,
            .awaits_adoption = !root.empty() && awaits_import(root),
            .owns_store = owns_store,
            // A tree of distribution is adopted again: it names what lost metadata named.
            .keeps_bytes = !owns_store && !has_distribution_tree(root)};
}

Result<registry::Rules> rules_of(Settings const& settings) {
    registry::Rules rules;
    rules.deletes = settings.storage.deletes;
    rules.delete_referenced = settings.storage.delete_referenced;
    rules.manifest_limit = settings.limits.manifest;
    rules.strict_sizes = settings.storage.strict_sizes;
    rules.json = {settings.limits.json_depth, settings.limits.json_members};
    rules.repository_uploads = settings.uploads.per_repository;
    rules.caller_uploads = settings.uploads.per_caller;
    rules.upload_age = settings.uploads.age;
    TRY(rules.sparse, patterns_of(settings.storage.sparse));
    CHECK(add_quotas(settings, rules));
    return rules;
}

}  // namespace ocilot::server
