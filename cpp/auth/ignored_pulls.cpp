#include "auth/ignored_pulls.h"

#include "base/quote.h"
#include "oci/wildcard.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::auth {

Result<IgnoredPulls> IgnoredPulls::parse(std::vector<std::string> const& subjects, Groups const& groups) {
    constexpr std::string_view user_agent = "user-agent:";
    IgnoredPulls made;
    RuleText rule{.repositories = {"**"}, .allow = {}};
    for (auto const& subject : subjects) {
        if (subject.starts_with(user_agent) && subject.size() > user_agent.size()) {
            made.user_agents_.push_back(subject.substr(user_agent.size()));
            continue;
        }
        // These would be pulls by all, or all but those by nobody.
        bool const is_named = subject != "anonymous" && subject != "everyone" && subject != user_agent;
        if (!is_named) {
            return Error{Errc::config,
                         fmt::format("invalid subject {} in ocilot.pulls.ignore: expected user:NAME, "
                                     "group:NAME, robot:NAME, federated:PATTERN, certificate:PATTERN or "
                                     "user-agent:PATTERN",
                                     quote(subject))};
        }
        rule.allow.push_back({subject, {"pull"}});
    }
    if (rule.allow.empty()) return made;
    auto compiled = Rules::compile({std::move(rule)}, groups);
    if (compiled.has_error()) {
        return Error{Errc::config, fmt::format("ocilot.pulls.ignore: {}", compiled.error().message)};
    }
    made.callers_ = std::move(*compiled);
    return made;
}

bool IgnoredPulls::contain(policy::Caller const& caller, std::string_view user_agent) const {
    if (callers_ && callers_->mention(caller)) return true;
    return std::ranges::any_of(
        user_agents_, [&](std::string const& pattern) { return oci::fits_wildcards(pattern, user_agent); });
}

}  // namespace ocilot::auth
