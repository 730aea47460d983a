#pragma once

#include "jobs/retention_rules.h"

namespace ocilot::jobs {

/// Asks the `retain` hooks about a repository in which the rules delete tags at a time, and notes in it what
/// they keep. If they cannot be asked, everything in it is kept. Without such hooks nothing is done.
/// `aliases` are other names of the repository.
Task<Result<>> ask_retain_hooks(RetentionParts parts, RetentionRules const& rules, Time at,
                                std::vector<std::string> aliases, retention::Repository& repository);

}  // namespace ocilot::jobs
