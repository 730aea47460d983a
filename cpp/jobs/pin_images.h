#pragma once

#include "base/log.h"
#include "jobs/retention_rules.h"
#include "jobs/round.h"

#include <cstddef>
#include <vector>

namespace ocilot::jobs {

/// Pins the digests that lists of images in use name, in the repositories that the policy of the list is for,
/// and those that `images_in_use` hooks name, in any repository and also without policies: the garbage
/// collection keeps these manifests without a tag. What is not named any more is released from now on.
/// Answers how many pins have changed; nothing changes if a list cannot be read or a hook fails.
Task<Result<std::size_t>> pin_images(RetentionParts parts, std::vector<retention::Policy> policies,
                                     Round const& round, Log const& log);

}  // namespace ocilot::jobs
