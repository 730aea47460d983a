#pragma once

#include "blob/storage.h"

#include <memory>
#include <mutex>
#include <unordered_map>

namespace ocilot::blob {

/// Blobs in memory, gone with the store; for tests and for registries that last as long as one. Never blocks.
/// Outlives its uploads; one upload is held by one Upload at a time: whoever resumes it takes it from the
/// holder before, whose calls then fail with upload_unknown.
class MemoryStore final : public Storage {
  public:
    using Bytes = std::vector<std::byte>;

    Task<Result<std::unique_ptr<Upload>>> create(Uuid id, oci::Algorithm algorithm) override;
    Task<Result<std::unique_ptr<Upload>>> resume(Uuid id, oci::Algorithm algorithm,
                                                 std::string state) override;
    Task<Result<>> discard(Uuid id) override;
    Task<Result<>> put(oci::Digest const& digest, std::span<std::byte const> bytes) override;
    Task<Result<std::uint64_t>> stat(oci::Digest const& digest) override;
    Task<Result<std::unique_ptr<Blob>>> open(oci::Digest const& digest) override;
    Task<Result<>> check() override;

    Task<Result<std::vector<Uuid>>> uploads() override;
    Task<Result<>> remove(oci::Digest const& digest) override;
    Task<Result<RemovedBlobs>> remove_all(std::vector<oci::Digest> digests) override;
    Task<Result<Listing>> list(std::optional<oci::Digest> after, std::size_t limit) override;
    Task<Result<std::unique_ptr<Blob>>> inspect(oci::Digest const& digest) override;
    Task<Result<>> quarantine(oci::Digest const& digest) override;

    /// The bytes of an upload, null if there is none; for Upload.
    std::shared_ptr<Bytes> find_upload(Uuid const& id);
    /// Makes the bytes of an upload a blob; for Upload. upload_unknown if it does not have these any more.
    Result<> commit_upload(Uuid const& id, Bytes const& bytes, oci::Digest const& digest);

  private:
    Result<std::shared_ptr<Bytes const>> find(oci::Digest const& digest);

    std::mutex mutex_;
    std::unordered_map<oci::Digest, std::shared_ptr<Bytes const>> blobs_;
    std::unordered_map<Uuid, std::shared_ptr<Bytes>> uploads_;
};

}  // namespace ocilot::blob
