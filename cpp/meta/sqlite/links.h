#pragma once

#include "meta/fact_cache.h"
#include "meta/links.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Blob links in SQLite. Reads run on the calling thread (microseconds), writes on the writer's.
class SqliteLinks final : public Links {
  public:
    SqliteLinks(SqliteReaders& readers, SqliteWriter& writer, Metrics& metrics)
        : readers_(readers), writer_(writer), sizes_(cached_sizes, metrics, "blob") {}

    Task<Result<BlobFact>> blob(oci::RepositoryName const& repository, oci::Digest const& digest) override;
    Task<Result<Slice<std::string>>> holders(oci::Digest const& digest, Page page) override;

    Task<Result<>> link_blob(oci::RepositoryName const& repository, BlobFact blob,
                             std::optional<UploadClaim> upload, Actor by, Time now,
                             PushLimits limits) override;
    Task<Result<BlobFact>> mount_blob(oci::RepositoryName const& source, oci::RepositoryName const& target,
                                      oci::Digest const& digest, Actor by, Time now,
                                      PushLimits limits) override;
    Task<Result<>> unlink_blob(oci::RepositoryName const& repository, oci::Digest const& digest,
                               UnlinkConditions conditions, Actor by, Time now) override;

  private:
    static constexpr std::size_t cached_sizes = 64 * 1024;

    SqliteReaders& readers_;
    SqliteWriter& writer_;
    FactCache<std::uint64_t> sizes_;
};

}  // namespace ocilot::meta
