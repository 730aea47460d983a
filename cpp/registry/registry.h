#pragma once

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/random.h"
#include "blob/store.h"
#include "meta/quota_limits.h"
#include "meta/store.h"
#include "oci/json_limits.h"
#include "oci/repository_pattern.h"
#include "policy/gate.h"
#include "policy/group_members.h"
#include "policy/subject.h"
#include "registry/pull_events.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace ocilot::registry {

class UploadSessions;
class ManifestCache;
class PlatformCache;
class UnreadableBlobs;
class StorageRoom;
class PullCounter;

/// A row of `ocilot.quotas`: what each repository that matches may hold.
struct Quota {
    std::vector<oci::RepositoryPattern> repositories;
    meta::QuotaLimits limits = {};
};

/// Another one: what each caller who fits may have pushed, in all repositories together.
struct CallerQuota {
    std::vector<policy::Subject> callers;
    meta::QuotaLimits limits = {};
};

/// What an operator decides about operations.
struct Rules {
    bool deletes = true;                           ///< `storage.delete.enabled`
    bool delete_referenced = true;                 ///< `ocilot.storage.deletereferenced`
    std::size_t manifest_limit = 4 * 1024 * 1024;  ///< bytes
    /// Where a manifest may name content that is not there, `ocilot.sparse`.
    std::vector<oci::RepositoryPattern> sparse = {};
    std::vector<Quota> quotas = {};
    std::vector<CallerQuota> caller_quotas = {};
    policy::GroupsInForce groups = {};  ///< by the configuration, for those
    [[nodiscard]] bool has_quotas() const noexcept { return !quotas.empty() || !caller_quotas.empty(); }
    bool strict_sizes = false;  ///< whether a descriptor with a wrong size is an error, not a warning
    oci::JsonLimits json = {};  ///< of a manifest
    std::size_t repository_uploads = 1000;  ///< most unfinished uploads of a repository; 0: any number
    std::size_t caller_uploads = 1000;      ///< same, of a caller with a name
    std::chrono::seconds upload_age{0};     ///< that a session may be idle before it expires; 0: any time
    /// Whether other processes work on the same metadata: what they do to a session is looked up, and each
    /// request that brings bytes ends with a row that says so.
    bool replicated = false;
};

/// The parts every operation works with; made once, handed to each operation. One file an operation:
/// `push_blob.h`, `push_manifest.h`, `pull.h`, `list.h`, `remove.h`.
struct Registry {
    blob::BlobStore& blobs;
    meta::MetaStore& meta;
    policy::Gate& gate;
    Clock const& clock;
    Random& random;
    UploadSessions& sessions;
    ManifestCache& manifests;
    Rules rules;
    UnreadableBlobs* unreadable = nullptr;  ///< told of blobs that a request could not read; may be null
    MemoryBudget* upload_memory = nullptr;  ///< of buffers of uploads being received; null: not counted
    StorageRoom* room = nullptr;            ///< that uploads have; null: any
    PullCounter* pulls = nullptr;           ///< null: pulls are not counted
    PlatformCache* platforms = nullptr;     ///< of images that lists of tags show; null: read each time
    PullEvents pull_events = PullEvents::off;
};

}  // namespace ocilot::registry
