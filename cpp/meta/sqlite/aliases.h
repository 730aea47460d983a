#pragma once

#include "base/clock.h"
#include "meta/repository_admin.h"
#include "meta/sqlite/db.h"

#include <optional>
#include <string>
#include <string_view>

namespace ocilot::meta {

// The rows of aliases. No repository has the name of one.

/// What a name is an alias of, if it is one.
Result<std::optional<std::string>> find_alias(SqliteDb& db, std::string_view name);
/// Whether there is an alias at all.
Result<bool> has_aliases(SqliteDb& db);
Result<Slice<RepositoryAlias>> read_aliases(SqliteDb& db, Page const& page);

/// See RepositoryAdmin.
Result<> set_alias(SqliteDb& db, oci::RepositoryName const& name, oci::RepositoryName const& target,
                   Actor const& by, Time now);
Result<> remove_alias(SqliteDb& db, oci::RepositoryName const& name, Actor const& by, Time now);

/// Adds an alias, or gives it another target; with its change.
Result<> write_alias(SqliteDb& db, RepositoryAlias const& alias, Actor const& by);
/// Removes an alias with its change; nothing if there is none.
Result<> forget_alias(SqliteDb& db, RepositoryAlias const& alias, Actor const& by, Time now);

}  // namespace ocilot::meta
