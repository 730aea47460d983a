#pragma once

#include "meta/restoration.h"
#include "meta/sqlite/db.h"

namespace ocilot::meta {

/// See Collection::restore.
Result<Restored> restore(SqliteDb& db, RestoreRequest const& request, Actor const& by, Time now);

}  // namespace ocilot::meta
