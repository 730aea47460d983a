#pragma once

#include "jobs/retention_rules.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ocilot::jobs {

/// Other names of repositories, by their targets.
using Aliases = std::map<std::string, std::vector<std::string>, std::less<>>;

Task<Result<Aliases>> read_aliases(meta::RepositoryAdmin& admin);

/// Who says what is in use.
enum class InUseSource : std::uint8_t {
    lists,  ///< the lists that rules name
    all,    ///< and `images_in_use` hooks, which count in every policy
};

/// Reads every list of images in use that a rule names, from files and by URL, and asks the hooks, whose
/// lists are under their scripts (retention::hook_list_prefix). What is said of an alias is said of its
/// target. conflict if a list cannot be read or a hook fails: without it, what is in use could be deleted.
Task<Result<InUseLists>> read_in_use(RetentionParts parts, std::vector<retention::Policy> const& policies,
                                     Aliases const& aliases, InUseSource source);

}  // namespace ocilot::jobs
