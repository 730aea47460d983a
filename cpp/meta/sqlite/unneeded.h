#pragma once

#include "meta/collection.h"
#include "meta/sqlite/db.h"

#include <string>

namespace ocilot::meta {

/// See Collection::find.
Result<FoundPiece> find_unneeded(SqliteDb& db, std::string const& from, std::size_t rows, Time now);

}  // namespace ocilot::meta
