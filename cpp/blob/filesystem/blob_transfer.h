#pragma once

#include "base/result.h"
#include "blob/filesystem/data_directory.h"
#include "blob/filesystem/files.h"
#include "oci/digest.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace ocilot::blob {

/// How a blob came into the directory that was to receive it, or why it did not.
enum class Transferred : std::uint8_t {
    present,       ///< it was there already
    linked,        ///< as a hard link
    copied,        ///< byte by byte, and its digest was verified
    missing,       ///< neither directory has it
    wrong_size,    ///< the file in the other directory is longer or shorter
    wrong_digest,  ///< the bytes in the other directory have another digest
    unreadable,    ///< the disk of the other directory does not return them
};

/// Brings blobs of one data directory into another. A registry may be running on the first; the second is
/// locked by the caller. Files of blobs never change in place, so a hard link is as good as a copy where both
/// are on one file system. Bytes appear under their name only when all of them are on disk; names are on
/// disk after sync(). Leaves in memory what was there before.
class BlobTransfer {
  public:
    /// Called after each piece of a copy; an error ends it.
    using Step = std::function<Result<>()>;

    /// All of them are borrowed.
    BlobTransfer(Files& files, DataDirectory const& from, DataDirectory const& to, Step step);

    /// Brings a blob of `size` bytes. A file of that size that is there already stays, unless the other
    /// directory has a newer one on the same file system: a push replaces bytes that the disk has spoiled.
    /// no_space, unavailable or io if it cannot be written.
    Result<Transferred> bring(oci::Digest const& digest, std::uint64_t size);
    /// Removes a blob that was brought earlier; succeeds if there is none.
    Result<> remove(oci::Digest const& digest);
    /// Waits until everything that was brought is on disk.
    Result<> sync();

  private:
    Result<std::optional<Transferred>> link(oci::Digest const& digest, std::string const& path);
    Result<Transferred> copy(oci::Digest const& digest, std::uint64_t size);
    Result<Transferred> copy_bytes(int from, int to, oci::Digest const& digest, std::uint64_t size);
    Result<> place(oci::Digest const& digest);
    [[nodiscard]] Error cannot_write(int errno_value, oci::Digest const& digest) const;

    Files& files_;
    DataDirectory const& from_;
    DataDirectory const& to_;
    Step step_;
};

}  // namespace ocilot::blob
