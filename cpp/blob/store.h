#pragma once

#include "base/result.h"
#include "base/task.h"
#include "base/uuid.h"
#include "oci/digest.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ocilot::blob {

/// An open blob. Stays readable while it is held, even if the blob is removed meanwhile.
class Blob {
  public:
    virtual ~Blob() = default;
    /// Bytes.
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
    /// A descriptor for sendfile(2), owned by this; -1 if the store has none and `read` must be used.
    [[nodiscard]] virtual int fd() const noexcept = 0;
    /// Reads at `offset` into `out`; fewer bytes than asked only at the end. io on failure.
    virtual Task<Result<std::size_t>> read(std::uint64_t offset, std::span<std::byte> out) = 0;
    /// Fills `out` from `offset`, if all those bytes are in memory and no wait is needed.
    [[nodiscard]] virtual bool read_at_once(std::uint64_t offset, std::span<std::byte> out) = 0;
    /// Returns when bytes [offset, offset + length) can be sent from `fd()` without waiting for the disk.
    /// Best effort: what fails here fails again where it is sent.
    virtual Task<> load(std::uint64_t offset, std::uint64_t length) = 0;
};

/// Bytes being received for a blob whose digest is not proven yet. Hashes while it receives. Lives as long as
/// the upload session, across requests; survives a restart by BlobStore::resume.
/// Used by one Task at a time.
class Upload {
  public:
    virtual ~Upload() = default;
    /// Bytes held: the truth after any failure, too.
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
    /// Adds all of `bytes`, or fails (no_space, io) with size() telling what was kept.
    virtual Task<Result<>> append(std::span<std::byte const> bytes) = 0;
    /// Remembers the bytes held now, for take_back.
    virtual void mark() = 0;
    /// Takes away what was added since the last mark; on failure (io) size() tells what is there. Not synced:
    /// after a power cut the bytes may be back, as an appended chunk may be gone.
    virtual Task<Result<>> take_back() = 0;
    /// Digest of the bytes held. Free for the algorithm the upload was opened with; reads them again for
    /// another.
    virtual Task<Result<oci::Digest>> digest(oci::Algorithm algorithm) = 0;
    /// Makes the bytes the blob `digest` (which `digest()` has just answered): durable (data, name and
    /// directories) and visible when it returns, atomically. They replace a blob that is there already, whose
    /// bytes the disk may have spoiled. The upload is used up on success and untouched on failure; but a
    /// failed sync (io) leaves bytes that nobody can trust: then the upload is gone, size() is 0, and the
    /// client starts again.
    virtual Task<Result<>> commit(oci::Digest const& digest) = 0;
    /// Removes the bytes. The upload is used up.
    virtual Task<Result<>> discard() = 0;
    /// Gives back descriptors until the next call; for the pause between two requests.
    virtual void park() noexcept = 0;
};

/// A page of a walk over a store.
struct Listing {
    std::vector<oci::Digest> digests;  ///< In order; fewer than asked for only at the end of the walk.
    /// What was met on the way and is no blob: paths below the blobs, each told once in a walk.
    std::vector<std::string> strays;
};

/// Bytes by digest; knows no repository and no tag. Thread-safe; Tasks may come from any I/O context.
class BlobStore {
  public:
    virtual ~BlobStore() = default;

    /// A new, empty upload. conflict if `id` exists.
    virtual Task<Result<std::unique_ptr<Upload>>> create(Uuid id, oci::Algorithm algorithm) = 0;
    /// The upload as an earlier process left it, its bytes hashed again. upload_unknown if there is none.
    virtual Task<Result<std::unique_ptr<Upload>>> resume(Uuid id, oci::Algorithm algorithm) = 0;
    /// Ids of all uploads that hold bytes, for the removal of orphans.
    virtual Task<Result<std::vector<Uuid>>> uploads() = 0;
    /// Removes an upload nobody has open. Succeeds if there is none.
    virtual Task<Result<>> discard(Uuid id) = 0;

    /// Stores a small blob whole; `digest` is that of `bytes`. Durable and visible when it returns, instead
    /// of what is there with other bytes.
    virtual Task<Result<>> put(oci::Digest const& digest, std::span<std::byte const> bytes) = 0;
    /// Size in bytes; blob_unknown if there is none.
    virtual Task<Result<std::uint64_t>> stat(oci::Digest const& digest) = 0;
    /// blob_unknown if there is none.
    virtual Task<Result<std::unique_ptr<Blob>>> open(oci::Digest const& digest) = 0;
    /// Removes a blob, durably; blob_unknown if there is none.
    virtual Task<Result<>> remove(oci::Digest const& digest) = 0;

    /// At most `limit` blobs that follow `after`, or the first ones. Blobs that come and go meanwhile may be
    /// missed.
    virtual Task<Result<Listing>> list(std::optional<oci::Digest> after, std::size_t limit) = 0;
    /// Opens a blob for one look at all of it: off the I/O thread, its reads too, and without throwing out of
    /// memory what others read. blob_unknown if there is none.
    virtual Task<Result<std::unique_ptr<Blob>>> inspect(oci::Digest const& digest) = 0;
    /// Takes a blob with wrong bytes away, durably, and keeps them aside for people to look at. The next push
    /// brings it back. blob_unknown if there is none.
    virtual Task<Result<>> quarantine(oci::Digest const& digest) = 0;

    /// Whether bytes can be written and read now; for readiness.
    virtual Task<Result<>> check() = 0;
};

}  // namespace ocilot::blob
