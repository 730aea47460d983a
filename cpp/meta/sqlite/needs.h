#pragma once

#include "base/result.h"
#include "meta/facts.h"
#include "meta/sqlite/db.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// Tags that need a manifest or a blob: they point to it, or to what names it as content. By name.
Result<Slice<std::string>> read_tags_on(SqliteDb& db, oci::RepositoryName const& repository,
                                        oci::Digest const& digest, Page const& page);

/// conflict if another tag than those that were seen needs the digest now.
Result<> require_no_other_tag(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest,
                              std::vector<std::string> const& expected_tags);

/// Digests of the indexes that name a manifest, the first ones: as many as a change names.
Result<std::vector<std::string>> indexes_of(SqliteDb& db, std::int64_t repository, std::string_view digest);

/// unsupported, with the digests of the first of them, if a manifest of the repository names the digest as
/// content.
Result<> require_no_manifest(SqliteDb& db, oci::RepositoryName const& repository, oci::Digest const& digest);

/// conflict: the tag is not where it was seen.
[[nodiscard]] Error tag_moved(std::string_view tag);

}  // namespace ocilot::meta
