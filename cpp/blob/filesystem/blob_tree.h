#pragma once

#include "base/fd.h"
#include "base/random.h"
#include "base/result.h"
#include "base/uuid.h"
#include "blob/capacity.h"
#include "blob/filesystem/data_directory.h"
#include "blob/filesystem/files.h"
#include "blob/upkeep.h"
#include "oci/digest.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ocilot::blob {

/// A file that is not a blob yet: named in uploads/, or nameless (O_TMPFILE) if `name` is empty.
struct StagedFile {
    Fd fd;
    std::string name = {};  ///< Relative to uploads/.
};

/// The file-system store's files and the order in which they become durable. Paths are built from parsed
/// digests and ids only. Calls block; all but `size` and `open` belong on the blocking pool. Thread-safe.
class BlobTree {
  public:
    /// `random` is used from several threads.
    BlobTree(DataDirectory directory, std::unique_ptr<Files> files, Random& random);

    [[nodiscard]] Files& files() noexcept { return *files_; }

    /// An empty upload; conflict if there is one.
    Result<StagedFile> create_upload(Uuid const& id);
    /// An upload made earlier; upload_unknown if there is none.
    Result<StagedFile> open_upload(Uuid const& id);
    Result<std::vector<Uuid>> uploads();
    /// Succeeds if there is none.
    Result<> discard_upload(Uuid const& id);

    /// A file with `bytes`, which are on disk.
    Result<StagedFile> stage(std::span<std::byte const> bytes);
    /// Makes `file`, whose bytes are on disk, the blob `digest`, in place of one that is there; its name is
    /// on disk afterwards. After a failure `file.fd` still holds the file, unless it became the blob already
    /// and only its name could not be synced.
    Result<> publish(StagedFile& file, oci::Digest const& digest);
    /// Removes a file that shall not become a blob.
    void drop(StagedFile file) noexcept;

    /// stage and publish, unless the blob is there with these bytes.
    Result<> put(oci::Digest const& digest, std::span<std::byte const> bytes);
    Result<std::uint64_t> size(oci::Digest const& digest);
    Result<Fd> open(oci::Digest const& digest);
    Result<> remove(oci::Digest const& digest);
    /// The same for many, without waiting for the disk; see BlobUpkeep.
    Result<RemovedBlobs> remove_all(std::span<oci::Digest const> digests);
    Result<Listing> list(std::optional<oci::Digest> const& after, std::size_t limit);
    /// Moves the blob's file to quarantine/, where it replaces an earlier one.
    Result<> quarantine(oci::Digest const& digest);
    /// Writes, syncs and reads a few bytes.
    Result<> probe();
    /// Room of the data directory's file system.
    Result<Capacity> capacity() const;

  private:
    Result<std::uint64_t> unlink(oci::Digest const& digest);
    bool can_link_nameless();
    bool holds(oci::Digest const& digest, std::span<std::byte const> bytes);
    int name_in_uploads(StagedFile& file);
    int make_blob_directory(oci::Digest const& digest, std::string const& path);
    int give_name(StagedFile& file, int directory);
    int sync_names(oci::Digest const& digest, int directory);
    int sync_directory(int at, char const* path);
    std::atomic<bool>& shard_synced(oci::Digest const& digest) noexcept;

    DataDirectory directory_;
    std::unique_ptr<Files> files_;
    Random& random_;
    bool nameless_ = false;
    /// Whether the entry of blobs/<algorithm>/<2 hex> is known to be on disk, by algorithm and first byte.
    std::array<std::array<std::atomic<bool>, 256>, 2> shards_synced_{};
};

}  // namespace ocilot::blob
