#pragma once

#include "blob/store.h"
#include "jobs/distribution_tree.h"
#include "meta/store.h"
#include "oci/json_limits.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ocilot::jobs {

/// What was not taken over, and stays where it is.
struct SkippedItem {
    std::string repository;
    std::string subject;  ///< digest, tag or path; empty if it is the repository
    std::string message;  ///< why, and what to do
};

/// What was looked at. What a repository shares with another counts for both.
struct ImportCounts {
    std::uint64_t repositories = 0;
    std::uint64_t blobs = 0;  ///< that repositories hold
    std::uint64_t manifests = 0;
    std::uint64_t tags = 0;
    std::uint64_t skipped = 0;
};

/// Who is told.
class ImportWatcher {
  public:
    virtual ~ImportWatcher() = default;
    virtual void skipped(SkippedItem const& what) = 0;
    /// Asked before each item; false ends the import.
    virtual bool should_continue() = 0;
};

/// What manifests may be.
struct ImportLimits {
    std::uint64_t manifest = 4 * 1024 * 1024;  ///< bytes
    oci::JsonLimits json = {};
};

/// config, saying what to give instead.
[[nodiscard]] Error nothing_to_import(std::filesystem::path const& root);

/// Records the repositories of distribution in `root`, whose blobs `blobs` has already: it keeps them under
/// the same paths. Every manifest is read and compared with its digest; of other blobs the size is looked at.
/// Manifests may name what is not there, as those of distribution do, and become referrers of their subject
/// whether or not a fallback tag names them. Facts have the times of the files, and so has the journal, but
/// for one entry of `clock`'s at the end. May be run again: what is recorded already stays, tags that point
/// elsewhere by now do too. config if there is nothing to import, cancelled if `watcher` ends it, no_space,
/// unavailable or io if nothing more can be recorded.
Task<Result<ImportCounts>> import_distribution(std::filesystem::path const& root, blob::BlobStore& blobs,
                                               meta::MetaStore& meta, Clock const& clock, ImportLimits limits,
                                               ImportWatcher& watcher);

}  // namespace ocilot::jobs
