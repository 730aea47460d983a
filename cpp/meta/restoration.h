#pragma once

#include "base/clock.h"
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

}  // namespace ocilot::meta
