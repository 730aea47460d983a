#pragma once

#include "meta/content_report.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ocilot::meta {

/// See ContentReport::holdings.
Result<std::vector<Holding>> read_holdings(SqliteDb& db, oci::Digest const& digest, std::size_t count);

/// Why a repository with this id holds a manifest that is there.
Result<Holding> holding_of_manifest(SqliteDb& db, std::int64_t id, oci::RepositoryName const& repository,
                                    oci::Digest const& digest);

/// What can be restored and names a manifest that was deleted, too; id 0 if the repository is no more.
Result<Holding> holding_of_removed(SqliteDb& db, std::int64_t id, oci::RepositoryName const& repository,
                                   oci::Digest const& digest);

}  // namespace ocilot::meta
