#pragma once

#include "base/random.h"
#include "blob/filesystem/blob_tree.h"
#include "blob/filesystem/boot_id.h"
#include "blob/filesystem/files.h"
#include "blob/filesystem/pools.h"
#include "blob/filesystem/removal_pace.h"
#include "blob/storage.h"

#include <filesystem>
#include <memory>

namespace ocilot::blob {

/// Blobs in files, under distribution's paths (see DataDirectory). What blocks for long runs on the pools;
/// looking up, opening and reading blobs runs on the calling thread, out of the page cache as a rule.
/// Outlives its uploads.
class FilesystemStore final : public Storage {
  public:
    /// Makes the directories and takes the lock; blocks. config, saying what to do, if `root` cannot be used
    /// or is in use. `pools` and `random` (used from several threads) outlive the store.
    static Result<std::unique_ptr<FilesystemStore>> open(std::filesystem::path root, Pools pools,
                                                         Random& random);
    /// The same on a given file system, in a given run of the machine; for tests.
    static Result<std::unique_ptr<FilesystemStore>> open(std::filesystem::path root, Pools pools,
                                                         Random& random, std::unique_ptr<Files> files,
                                                         std::optional<Uuid> boot = boot_id());
    /// A store that is there already, to look at only: takes no lock, so that another process may be using
    /// it, and every change fails with io. config if there is none.
    static Result<std::unique_ptr<FilesystemStore>> open_for_reading(std::filesystem::path const& root,
                                                                     Pools pools, Random& random);

    Task<Result<std::unique_ptr<Upload>>> create(Uuid id, oci::Algorithm algorithm) override;
    Task<Result<std::unique_ptr<Upload>>> resume(Uuid id, oci::Algorithm algorithm,
                                                 std::string state) override;
    Task<Result<>> discard(Uuid id) override;
    Task<Result<>> put(oci::Digest const& digest, std::span<std::byte const> bytes) override;
    Task<Result<std::uint64_t>> stat(oci::Digest const& digest) override;
    Task<Result<std::unique_ptr<Blob>>> open(oci::Digest const& digest) override;
    Task<Result<>> check() override;
    Task<Result<std::optional<Capacity>>> capacity() override;

    Task<Result<std::vector<Uuid>>> uploads() override;
    Task<Result<>> remove(oci::Digest const& digest) override;
    Task<Result<RemovedBlobs>> remove_all(std::vector<oci::Digest> digests) override;
    Task<Result<Listing>> list(std::optional<oci::Digest> after, std::size_t limit) override;
    Task<Result<std::unique_ptr<Blob>>> inspect(oci::Digest const& digest) override;
    Task<Result<>> quarantine(oci::Digest const& digest) override;

  private:
    FilesystemStore(DataDirectory directory, std::unique_ptr<Files> files, Pools pools, Random& random,
                    std::optional<Uuid> boot);

    BlobTree tree_;
    Pools pools_;
    RemovalPace removal_pace_;
    std::optional<Uuid> boot_;
};

}  // namespace ocilot::blob
