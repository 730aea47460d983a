#pragma once

#include "base/uuid.h"
#include "blob/blob.h"
#include "blob/capacity.h"
#include "blob/upload.h"

#include <memory>
#include <optional>
#include <string>

namespace ocilot::blob {

/// What requests need of a store of bytes by digest: it knows no repository and no tag. Thread-safe; Tasks
/// may come from any I/O context.
///
/// What holds everywhere: what `commit` and `put` stored is durable and seen by `stat` and `open`, of every
/// process, from the moment they return. A blob is seen whole or not at all.
///
/// What depends on the store: an upload belongs to whoever holds its session's claim in the metadata. In a
/// data directory one process writes, which holds its lock, so that nobody else can hold an Upload of it. Of
/// an object store with several replicas, one that lost its claim may still have an Upload: it must not be
/// able to change a byte that `resume` has handed to the next holder; what it stores late is garbage under
/// names of its own.
class BlobStore {
  public:
    virtual ~BlobStore() = default;

    /// A new, empty upload. conflict if `id` exists.
    virtual Task<Result<std::unique_ptr<Upload>>> create(Uuid id, oci::Algorithm algorithm) = 0;
    /// The upload as an earlier holder left it, with all its bytes. Those that `state` covers
    /// (`Upload::state()`, after which the bytes were only added to) are not read again if it can be trusted;
    /// others are hashed again. A state that is damaged, empty or of another version costs that time and
    /// nothing else. upload_unknown if there are no bytes.
    virtual Task<Result<std::unique_ptr<Upload>>> resume(Uuid id, oci::Algorithm algorithm,
                                                         std::string state) = 0;
    /// Removes an upload nobody has open, without opening it. Succeeds if there is none.
    virtual Task<Result<>> discard(Uuid id) = 0;

    /// Stores a small blob whole; `digest` is that of `bytes`. Durable and visible when it returns, instead
    /// of what is there with other bytes.
    virtual Task<Result<>> put(oci::Digest const& digest, std::span<std::byte const> bytes) = 0;
    /// Size in bytes; blob_unknown if there is none.
    virtual Task<Result<std::uint64_t>> stat(oci::Digest const& digest) = 0;
    /// blob_unknown if there is none.
    virtual Task<Result<std::unique_ptr<Blob>>> open(oci::Digest const& digest) = 0;

    /// Whether bytes can be written and read now; for readiness.
    virtual Task<Result<>> check() = 0;
    /// The room where the store is: of its file system, as the kernel tells. nullopt for one that is in none,
    /// such as memory or an object store: it has room until a write fails.
    virtual Task<Result<std::optional<Capacity>>> capacity() { co_return std::optional<Capacity>(); }
};

}  // namespace ocilot::blob
