#include "server/registry_rules.h"

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

}  // namespace

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
    for (auto const& rule : settings.storage.quotas) {
        TRY(auto repositories, patterns_of(rule.repositories));
        rules.quotas.push_back({std::move(repositories), rule.bytes, rule.tags});
    }
    return rules;
}

}  // namespace ocilot::server
