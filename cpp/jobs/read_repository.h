#pragma once

#include "jobs/in_use_list.h"
#include "jobs/round.h"
#include "jobs/unread_releases.h"
#include "meta/upkeep.h"
#include "retention/freed.h"

#include <cstdint>
#include <map>
#include <string>

namespace ocilot::jobs {

/// Lists of references in use, by their paths.
using InUseLists = std::map<std::string, InUse, std::less<>>;

/// A repository as retention sees it, read in pages between which other work of the thread runs. What is
/// pushed or deleted meanwhile may be in it or not; a tag whose manifest was not seen is left out.
Task<Result<retention::Repository>> read_repository(meta::UpkeepStore& store, oci::RepositoryName name,
                                                    InUseLists const& lists, UnreadReleases& unread,
                                                    Round const& round);

/// Bytes of what is freed and that no other repository holds.
Task<Result<std::uint64_t>> freed_bytes(meta::Retention& store, retention::Repository const& repository,
                                        retention::Freed const& freed, Round const& round);

}  // namespace ocilot::jobs
