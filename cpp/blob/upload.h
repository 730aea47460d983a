#pragma once

#include "base/result.h"
#include "base/task.h"
#include "oci/digest.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ocilot::blob {

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
    /// Remembers the bytes held now, for roll_back.
    virtual void set_savepoint() = 0;
    /// Takes away what was added since the last mark; on failure (io) size() tells what is there. Not synced:
    /// after a power cut the bytes may be back, as an appended chunk may be gone.
    virtual Task<Result<>> roll_back() = 0;
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

    /// What `BlobStore::resume` needs to go on after these bytes without reading them: the running hash, and
    /// what makes it trustworthy. A store's own format, some 100 to 300 bytes; empty if there is no such
    /// thing.
    [[nodiscard]] virtual std::string state() const = 0;
    /// Makes the bytes held durable, so that the `state()` of now is good after a power cut, too. Fails as a
    /// commit does: after a failed sync the upload is gone.
    virtual Task<Result<>> sync() = 0;
};

}  // namespace ocilot::blob
