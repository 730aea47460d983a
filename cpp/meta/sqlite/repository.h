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
/// denied if the name is an alias.
Result<std::int64_t> find_or_make_repository(SqliteDb& db, oci::RepositoryName const& name);
/// Makes lists show a repository, as it holds a manifest now. Its row is written by the first one alone: a
/// row that every push wrote would make pushes wait for each other where several processes write. Answers
/// whether lists did not show it before.
Result<bool> list_repository(SqliteDb& db, std::int64_t id);
/// Ends that if no manifest is left.
Result<> unlist_repository_without_manifests(SqliteDb& db, std::int64_t id);
/// A repository exists while it holds a manifest or a link.
Result<> drop_repository_if_empty(SqliteDb& db, std::int64_t id);

/// Bytes of a blob, if the repository has a link to it and it is not quarantined.
Result<std::optional<std::int64_t>> linked_size(SqliteDb& db, std::int64_t repository,
                                                oci::Digest const& digest);

/// Whoever brings the bytes again ends their quarantine, for every repository.
Result<> end_quarantine(SqliteDb& db, oci::Digest const& digest);

}  // namespace ocilot::meta
