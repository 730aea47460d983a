#pragma once

#include "meta/repository_admin.h"
#include "meta/sqlite/db.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::meta {

/// How much a repository holds, and its last push.
Result<RepositorySummary> summarize(SqliteDb& db, std::int64_t repository, std::string_view name);

/// A page of repositories; see RepositoryAdmin::list.
Result<Slice<RepositorySummary>> read_summaries(SqliteDb& db, std::string_view prefix, Page const& page);

/// The counts of a summary, as a change has them.
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> counts_of(RepositorySummary const& summary);

}  // namespace ocilot::meta
