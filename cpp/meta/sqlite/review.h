#pragma once

#include "meta/collection.h"
#include "meta/sqlite/db.h"

#include <string>
#include <vector>

namespace ocilot::meta {

// Reviews, see Collection; in the transaction of the caller.

/// See Collection::review.
Result<Reviewed> review_all(SqliteDb& db, oci::RepositoryName const& repository,
                            std::vector<oci::Digest> const& candidates, ReviewCutoffs const& cutoffs);
/// See Collection::lift.
Result<> lift_all(SqliteDb& db, std::string const& repository, std::vector<oci::Digest> const& condemned,
                  Time now);

}  // namespace ocilot::meta
