#pragma once

#include "base/uuid.h"
#include "blob/blob.h"
#include "oci/digest.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::blob {

/// A page of a walk over a store.
struct Listing {
    std::vector<oci::Digest> digests;  ///< In order; fewer than asked for only at the end of the walk.
    /// What was met on the way and is no blob: paths below the blobs, each told once in a walk.
    std::vector<std::string> strays;
};

/// What became of blobs that were to be removed.
struct RemovedBlobs {
    std::size_t blobs = 0;
    std::uint64_t bytes = 0;  ///< of these, as measured
    std::size_t missing = 0;  ///< there were none
    std::vector<std::pair<oci::Digest, Error>> failed = {};
};

/// What jobs and tools need of a store, beside requests. Thread-safe; Tasks may come from any I/O context.
///
/// A walk costs as much as the store is large, in requests where bytes are behind a network: it is for the
/// scrub, fsck and an import, never for a request. With several replicas one of them at a time does it, under
/// a lease, and what it sees may be older than what another replica stored meanwhile: nothing may be removed
/// for not being known unless the metadata say that it can be.
class BlobUpkeep {
  public:
    virtual ~BlobUpkeep() = default;

    /// Ids of all uploads that hold bytes, for the removal of orphans: of this process and, in a shared
    /// store, of all others.
    virtual Task<Result<std::vector<Uuid>>> uploads() = 0;
    /// Removes a blob, durably; blob_unknown if there is none.
    virtual Task<Result<>> remove(oci::Digest const& digest) = 0;
    /// Removes many blobs at once. Not synced: after a power cut some may be back. A blob that cannot be
    /// removed is in the answer and keeps no other.
    virtual Task<Result<RemovedBlobs>> remove_all(std::vector<oci::Digest> digests) = 0;
    /// At most `limit` blobs that follow `after`, or the first ones. Blobs that come and go meanwhile may be
    /// missed.
    virtual Task<Result<Listing>> list(std::optional<oci::Digest> after, std::size_t limit) = 0;
    /// Opens a blob for one look at all of it: off the I/O thread, its reads too, and without throwing out of
    /// memory what others read. blob_unknown if there is none.
    virtual Task<Result<std::unique_ptr<Blob>>> inspect(oci::Digest const& digest) = 0;
    /// Takes a blob with wrong bytes away, durably, and keeps them aside for people to look at. The next push
    /// brings it back. blob_unknown if there is none.
    virtual Task<Result<>> quarantine(oci::Digest const& digest) = 0;
};

}  // namespace ocilot::blob
