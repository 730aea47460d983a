#pragma once

#include "jobs/rule_inputs.h"

namespace ocilot::jobs {

/// The verdict about a tag under these rules now, as a JSON object: that of a plan's row, and each rule of
/// each policy that matches the repository with whether it selects the tag, and the script whose `retain` hook
/// keeps it. manifest_unknown if there is no such tag.
Task<Result<std::string>> explain_retention(RetentionParts parts, RetentionRules const& rules,
                                            ImageConfigs& configs, oci::RepositoryName repository, oci::Tag tag,
                                            Round const& round);

}  // namespace ocilot::jobs
