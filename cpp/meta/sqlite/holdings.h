#pragma once

#include "meta/content_report.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <vector>

namespace ocilot::meta {

/// See ContentReport::holdings.
Result<std::vector<Holding>> read_holdings(SqliteDb& db, oci::Digest const& digest, std::size_t count);

}  // namespace ocilot::meta
