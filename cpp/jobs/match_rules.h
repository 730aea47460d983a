#pragma once

#include "jobs/rule_inputs.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::jobs {

/// What one rule selects now, in all repositories of its policy.
struct RuleMatch {
    std::string rule;            ///< `applications.keep.0`
    std::string text;            ///< in words
    std::uint64_t selected = 0;  ///< tags, or manifests without a tag
    std::uint64_t named = 0;     ///< of what it would select if times and numbers did not count
    /// The tags that it could select; nullopt for a rule about manifests.
    std::optional<std::uint64_t> candidates = {};
};

struct PolicyMatch {
    std::string name;
    std::uint64_t repositories = 0;
    std::uint64_t tags = 0;           ///< of these
    std::uint64_t labels_unread = 0;  ///< of its tags, if its rules use labels: these cannot be read
    std::vector<RuleMatch> keep = {};
    std::vector<RuleMatch> remove = {};
};

/// Counts what each rule selects, whatever the other rules and hooks say. Stores nothing.
Task<Result<std::vector<PolicyMatch>>> match_rules(RetentionParts parts, RetentionRules const& rules,
                                                   ImageConfigs& configs, Round const& round);

}  // namespace ocilot::jobs
