#pragma once

#include "blob/upkeep.h"

namespace ocilot::test {

/// A store that does all as another one does, but for what a test overrides.
class ForwardingStore : public blob::BlobUpkeep {
  public:
    explicit ForwardingStore(blob::BlobUpkeep& store) : store_(store) {}

    Task<Result<std::vector<Uuid>>> uploads() override { return store_.uploads(); }
    Task<Result<>> remove(oci::Digest const& digest) override { return store_.remove(digest); }
    Task<Result<blob::RemovedBlobs>> remove_all(std::vector<oci::Digest> digests) override {
        return store_.remove_all(std::move(digests));
    }
    Task<Result<blob::Listing>> list(std::optional<oci::Digest> after, std::size_t limit) override {
        return store_.list(after, limit);
    }
    Task<Result<std::unique_ptr<blob::Blob>>> inspect(oci::Digest const& digest) override {
        return store_.inspect(digest);
    }
    Task<Result<>> quarantine(oci::Digest const& digest) override { return store_.quarantine(digest); }

  private:
    blob::BlobUpkeep& store_;
};

}  // namespace ocilot::test
