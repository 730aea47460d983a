#pragma once

#include "blob/memory/store.h"

namespace ocilot::test {

/// Blobs in memory that say they are on a file system with as much room as a test sets.
class SmallStore final : public blob::BlobStore {
  public:
    Task<Result<std::unique_ptr<blob::Upload>>> create(Uuid id, oci::Algorithm algorithm) override {
        return memory.create(id, algorithm);
    }
    Task<Result<std::unique_ptr<blob::Upload>>> resume(Uuid id, oci::Algorithm algorithm,
                                                       std::string state) override {
        return memory.resume(id, algorithm, std::move(state));
    }
    Task<Result<>> discard(Uuid id) override { return memory.discard(id); }
    Task<Result<>> put(oci::Digest const& digest, std::span<std::byte const> bytes) override {
        return memory.put(digest, bytes);
    }
    Task<Result<std::uint64_t>> stat(oci::Digest const& digest) override { return memory.stat(digest); }
    Task<Result<std::unique_ptr<blob::Blob>>> open(oci::Digest const& digest) override {
        return memory.open(digest);
    }
    Task<Result<>> check() override { return memory.check(); }
    Task<Result<std::optional<blob::Capacity>>> capacity() override {
        ++measured;
        co_return std::optional(room);
    }

    blob::MemoryStore memory;
    blob::Capacity room{1 << 30, 1 << 30};
    int measured = 0;
};

}  // namespace ocilot::test
