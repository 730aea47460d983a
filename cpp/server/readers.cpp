#include "server/readers.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::server {

Result<auth::Rules> readers_of(Settings const& settings, std::vector<std::string> const& subjects,
                               std::string_view key) {
    auth::RuleText rule{.repositories = {"**"}, .allow = {}};
    for (auto const& subject : subjects) rule.allow.push_back({subject, {"admin"}});
    auto compiled = auth::Rules::compile({std::move(rule)}, settings.auth.access.groups);
    if (compiled.has_value()) return compiled;
    return Error{Errc::config, fmt::format("{}: {}", key, compiled.error().message)};
}

}  // namespace ocilot::server
