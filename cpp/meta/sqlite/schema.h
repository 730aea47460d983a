#pragma once

#include "base/log.h"
#include "base/result.h"
#include "meta/sqlite/db.h"

#include <string>

namespace ocilot::meta {

/// Version of the schema this program writes (`PRAGMA user_version`).
[[nodiscard]] int sqlite_schema_version() noexcept;

/// config if the database is not a registry's of exactly sqlite_schema_version(); for readers, who change
/// nothing.
Result<> require_schema(SqliteDb& db, std::string const& path);

/// config if the database is not one that SqliteSnapshot has written, in this version or in one before.
Result<> require_snapshot_schema(SqliteDb& db, std::string const& path);

/// Switches the database to the write-ahead log and brings its schema to sqlite_schema_version().
/// `config` for a database that is of a newer version or is not a registry's. An upgrade may need as much
/// room for temporary files as the database has: they are written beside it, unless SQLITE_TMPDIR says where,
/// as are those of later work if the system has no directory for them.
Result<> prepare_schema(SqliteDb& db, std::string const& path, Log const& log);

}  // namespace ocilot::meta
