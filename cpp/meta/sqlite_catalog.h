#pragma once

#include "meta/catalog.h"
#include "meta/sqlite_readers.h"
#include "meta/sqlite_writer.h"

namespace ocilot::meta {

/// The catalog in SQLite. Reads run on the calling thread (microseconds), writes on the writer's.
class SqliteCatalog final : public Catalog {
  public:
    SqliteCatalog(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<Slice<std::string>>> repositories(Page page) override;
    Task<Result<Slice<std::string>>> tags(oci::RepositoryName const& repository, Page page) override;
    Task<Result<ManifestFact>> resolve(oci::RepositoryName const& repository, oci::Tag const& tag) override;
    Task<Result<ManifestFact>> manifest(oci::RepositoryName const& repository,
                                        oci::Digest const& digest) override;
    Task<Result<Slice<oci::Descriptor>>> referrers(oci::RepositoryName const& repository,
                                                   oci::Digest const& subject,
                                                   std::optional<std::string> type, Page page) override;

    Task<Result<>> put_manifest(NewManifest manifest) override;
    Task<Result<>> delete_tag(oci::RepositoryName const& repository, oci::Tag const& tag,
                              std::string removed_by, Time now) override;
    Task<Result<>> delete_manifest(oci::RepositoryName const& repository, oci::Digest const& digest,
                                   std::string removed_by, Time now) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
