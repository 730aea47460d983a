#pragma once

#include "meta/sqlite/db.h"
#include "oci/digest.h"
#include "oci/name.h"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace ocilot::meta {

// The row of a repository and of its links, as the parts of the store share them.

/// The first column of the first row, if there is one.
Result<std::optional<std::int64_t>> first_number(SqliteDb& db, std::string_view sql,
                                                 std::initializer_list<SqliteValue> values);

/// The id of a repository, if it exists.
Result<std::optional<std::int64_t>> find_repository(SqliteDb& db, oci::RepositoryName const& name);
Result<std::int64_t> find_or_make_repository(SqliteDb& db, oci::RepositoryName const& name);
/// A repository exists while it holds a manifest or a link.
Result<> drop_repository_if_empty(SqliteDb& db, std::int64_t id);

/// Bytes of a blob, if the repository has a link to it and it is not quarantined.
Result<std::optional<std::int64_t>> linked_size(SqliteDb& db, std::int64_t repository,
                                                oci::Digest const& digest);

/// Whoever brings the bytes again ends their quarantine, for every repository.
Result<> end_quarantine(SqliteDb& db, oci::Digest const& digest);

}  // namespace ocilot::meta
