#pragma once

#include "meta/content_report.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace ocilot::meta {

// See ContentReport.

Result<Usage> read_usage(SqliteDb& db, std::int64_t repository);
/// Of a name; nothing if there is no such repository.
Result<Usage> usage_of(SqliteDb& db, std::string_view repository);
Result<Slice<RepositoryUsage>> read_usages(SqliteDb& db, Page const& page);
/// Nothing for a caller who is charged for nothing.
Result<Usage> read_caller_usage(SqliteDb& db, std::string_view caller);
Result<Slice<CallerUsage>> read_caller_usages(SqliteDb& db, Page const& page);
Result<UsageDetails> read_usage_details(SqliteDb& db, oci::RepositoryName const& repository);
Result<ImageUsage> read_image_usage(SqliteDb& db, oci::RepositoryName const& repository, oci::Tag const& tag,
                                    std::size_t count);

/// What a write would add to a repository.
struct Addition {
    std::uint64_t bytes = 0;
    std::uint64_t tags = 0;
};
/// Where it is added, and whom it is charged to.
struct Charge {
    std::string_view repository;
    std::string caller;  ///< see charged_to
};
/// quota_exceeded if the repository would hold more than it may with it, or the caller be charged for more.
Result<> require_limits(SqliteDb& db, Charge const& charge, PushLimits const& limits,
                        Addition const& addition);

}  // namespace ocilot::meta
