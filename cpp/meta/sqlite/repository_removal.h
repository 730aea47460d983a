#pragma once

#include "meta/repository_admin.h"
#include "meta/sqlite/db.h"

namespace ocilot::meta {

/// See RepositoryAdmin::remove. A fixed number of statements, whatever the repository holds.
Result<RepositorySummary> remove_repository(SqliteDb& db, oci::RepositoryName const& repository,
                                            Actor const& by, Time now);

}  // namespace ocilot::meta
