#pragma once

#include "meta/repository_admin.h"
#include "meta/sqlite/db.h"

namespace ocilot::meta {

/// See RepositoryAdmin::rename. A fixed number of statements, whatever the repository holds.
Result<RepositorySummary> rename_repository(SqliteDb& db, RepositoryRename const& what, Actor const& by,
                                            Time now);

}  // namespace ocilot::meta
