#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// One entry of a tag's history.
struct HistoryEntry {
    std::int64_t id = 0;
    Time at;
    std::string by;                     ///< name of the caller; empty for anonymous
    std::optional<oci::Digest> digest;  ///< nullopt: the tag was removed
};

/// What is to be restored: a tag, or what has a digest.
struct RestoreRequest {
    oci::RepositoryName repository;
    std::optional<oci::Tag> tag = {};
    std::optional<oci::Digest> digest = {};
    /// What the tag was then; nullopt: what it was before its last change.
    std::optional<Time> at = {};
};

/// What was restored.
struct Restored {
    oci::Digest digest;
    std::vector<std::string> tags = {};  ///< that were set
    std::size_t manifests = 0;           ///< that were brought back, with those it names and its referrers
    std::size_t blobs = 0;
};

/// Undoes deletions, while the garbage collection keeps what was deleted: all of it in one transaction, in
/// the repository that held it. Thread-safe; Tasks may come from any I/O context.
class Restoration {
  public:
    virtual ~Restoration() = default;

    /// The history of a tag, youngest entry first; entries before `before`, if given.
    virtual Task<Result<std::vector<HistoryEntry>>> history(oci::RepositoryName const& repository,
                                                            oci::Tag const& tag,
                                                            std::optional<std::int64_t> before,
                                                            std::size_t limit) = 0;
    /// manifest_unknown if there is nothing to restore, or no more.
    virtual Task<Result<Restored>> restore(RestoreRequest request, Actor by, Time now) = 0;
};

}  // namespace ocilot::meta
