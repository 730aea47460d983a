#pragma once

#include "jobs/retention_rules.h"

namespace ocilot::jobs {

/// The verdict about a tag under these rules now, as a JSON object: that of a plan's row, and each rule of
/// each policy that matches the repository with whether it selects the tag. manifest_unknown if there is no
/// such tag.
Task<Result<std::string>> explain_retention(RetentionParts parts, RetentionRules const& rules,
                                            oci::RepositoryName repository, oci::Tag tag, Round const& round);

}  // namespace ocilot::jobs
