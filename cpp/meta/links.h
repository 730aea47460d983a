#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"
#include "meta/push_limits.h"

#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// What has to hold for a blob to be taken out of a repository.
struct UnlinkConditions {
    /// Tags that were seen to need the blob: conflict if another one does.
    std::optional<std::vector<std::string>> expected_tags = {};
    /// unsupported, with the digests of some of them, if manifests of the repository reference the blob.
    bool unreferenced = false;
};

/// Which repository holds which blob. Every write is one durable transaction: when it returns, the facts
/// survive a power cut. Whether a link is there is mutable; the size of the blob is immutable (see
/// MetaStore). Thread-safe; Tasks may come from any I/O context.
class Links {
  public:
    virtual ~Links() = default;

    /// blob_unknown if the repository has no link to it.
    virtual Task<Result<BlobFact>> blob(oci::RepositoryName const& repository, oci::Digest const& digest) = 0;
    /// Names of the repositories that hold a link to the blob, the oldest repository first; none, not an
    /// error, for what is unknown. A page goes on after a repository that has to exist: name_unknown.
    virtual Task<Result<Slice<std::string>>> holders(oci::Digest const& digest, Page page) = 0;

    /// Links a stored blob to a repository and ends the upload session it came by, if any; nothing of both if
    /// that is claimed by another process (upload_busy) or over (upload_unknown). Linking twice is no error.
    /// The journal keeps who added a link that is new.
    /// A link that is new is charged to `by`, see charged_to. quota_exceeded, and nothing linked, if the
    /// repository would hold more than `limits` allow, or `by` be charged for more.
    virtual Task<Result<>> link_blob(oci::RepositoryName const& repository, BlobFact blob,
                                     std::optional<UploadClaim> upload, Actor by, Time now,
                                     PushLimits limits = {}) = 0;
    /// Links blob `digest` of `source` to `target`; blob_unknown if `source` does not hold it. Noted
    /// and limited likewise.
    virtual Task<Result<BlobFact>> mount_blob(oci::RepositoryName const& source,
                                              oci::RepositoryName const& target, oci::Digest const& digest,
                                              Actor by, Time now, PushLimits limits = {}) = 0;
    /// blob_unknown if there is no such link; conflict, unsupported where the conditions say so. The journal
    /// keeps who removed it.
    virtual Task<Result<>> unlink_blob(oci::RepositoryName const& repository, oci::Digest const& digest,
                                       UnlinkConditions conditions, Actor by, Time now) = 0;
};

}  // namespace ocilot::meta
