#pragma once

#include "meta/content_report.h"
#include "meta/sqlite/db.h"

#include <cstddef>

namespace ocilot::meta {

// See ContentReport.

Result<Usage> read_usage(SqliteDb& db, std::int64_t repository);
/// Of a name; nothing if there is no such repository.
Result<Usage> usage_of(SqliteDb& db, std::string_view repository);
Result<Slice<RepositoryUsage>> read_usages(SqliteDb& db, Page const& page);
Result<UsageDetails> read_usage_details(SqliteDb& db, oci::RepositoryName const& repository);
Result<ImageUsage> read_image_usage(SqliteDb& db, oci::RepositoryName const& repository, oci::Tag const& tag,
                                    std::size_t count);

/// What a write would add to a repository.
struct Addition {
    std::uint64_t bytes = 0;
    std::uint64_t tags = 0;
};
/// quota_exceeded if the repository would hold more than it may with it.
Result<> require_limits(SqliteDb& db, std::string_view repository, RepositoryLimits const& limits,
                        Addition const& addition);

}  // namespace ocilot::meta
