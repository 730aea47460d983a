#pragma once

#include "meta/collection.h"
#include "meta/sqlite/db.h"

#include <vector>

namespace ocilot::meta {

/// See Collection::purge.
Result<Purged> purge_all(SqliteDb& db, oci::RepositoryName const& repository,
                         std::vector<oci::Digest> const& digests, ReviewCutoffs const& cutoffs, Time now);

/// See Releases::image.
Result<> purge_image(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest,
                     Actor const& by, Time now);

}  // namespace ocilot::meta
