#pragma once

#include "meta/repository_list.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <string>
#include <vector>

namespace ocilot::meta {

/// See RepositoryAdmin::sorted.
Result<RepositoryRows> read_sorted(SqliteDb& db, RepositoryQuery const& query);

/// See RepositoryAdmin::rank.
Result<std::size_t> rank_repositories(SqliteDb& db, std::vector<std::string> const& names);

}  // namespace ocilot::meta
