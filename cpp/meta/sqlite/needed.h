#pragma once

#include "meta/sqlite/db.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ocilot::meta {

// What keeps content in a repository; see Collection.

/// Whether a manifest of the repository is needed.
Result<bool> is_manifest_needed(SqliteDb& db, std::int64_t repository, std::string_view name,
                                std::string_view digest);
/// Whether a link of the repository is needed: a manifest names its blob.
Result<bool> is_link_needed(SqliteDb& db, std::int64_t repository, std::string_view name,
                            std::string_view digest);
/// Whether a repository, if it exists, has content under the digest.
Result<bool> is_there(SqliteDb& db, std::optional<std::int64_t> repository, std::string_view digest);
/// Whether it was removed from a repository and is not purged yet.
Result<bool> is_removed(SqliteDb& db, std::string_view name, std::string_view digest);
/// Whether any repository holds the bytes, or may have them restored.
Result<bool> is_held(SqliteDb& db, std::string_view digest);

}  // namespace ocilot::meta
