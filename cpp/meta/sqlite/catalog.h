#pragma once

#include "meta/catalog.h"
#include "meta/fact_cache.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/repository_admin.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// The catalog in SQLite. Reads run on the calling thread (microseconds), writes on the writer's.
class SqliteCatalog final : public Catalog {
  public:
    SqliteCatalog(SqliteReaders& readers, SqliteWriter& writer, Log const& log, Metrics& metrics)
        : readers_(readers),
          writer_(writer),
          manifests_(cached_manifests, metrics, "manifest"),
          admin_(readers, writer, log, metrics) {}

    Task<Result<Slice<std::string>>> repositories(Page page) override;
    Task<Result<Slice<std::string>>> tags(oci::RepositoryName const& repository, Page page) override;
    Task<Result<Slice<std::string>>> tags_on(oci::RepositoryName const& repository, oci::Digest const& digest,
                                             Page page) override;
    Task<Result<ManifestFact>> resolve(oci::RepositoryName const& repository, oci::Tag const& tag) override;
    Task<Result<ManifestFact>> manifest(oci::RepositoryName const& repository,
                                        oci::Digest const& digest) override;
    Task<Result<bool>> referrers(oci::RepositoryName const& repository, oci::Digest const& subject,
                                 std::optional<std::string> type, Page page,
                                 ReferrerVisitor const& visit) override;

    Task<Result<std::vector<HistoryEntry>>> history(oci::RepositoryName const& repository,
                                                    oci::Tag const& tag, std::optional<std::int64_t> before,
                                                    std::size_t limit) override;

    Task<Result<>> put_manifest(NewManifest manifest) override;
    Task<Result<>> delete_tag(oci::RepositoryName const& repository, oci::Tag const& tag, Actor by, Time now,
                              std::optional<TagCondition> condition = {}) override;
    Task<Result<>> delete_manifest(oci::RepositoryName const& repository, oci::Digest const& digest,
                                   std::optional<std::vector<std::string>> expected_tags, Actor by,
                                   Time now) override;
    Task<Result<PruneResult>> prune_history(HistoryRules rules, std::int64_t after,
                                            std::size_t rows) override;
    [[nodiscard]] RepositoryAdmin& admin() noexcept override { return admin_; }

  private:
    static constexpr std::size_t cached_manifests = 8 * 1024;

    /// The fact under `key`, from memory or by `read`.
    template <class Read>
    Result<ManifestFact> cached_or(oci::RepositoryName const& repository, FactKey const& key, Read read);

    SqliteReaders& readers_;
    SqliteWriter& writer_;
    FactCache<ManifestFact> manifests_;  // By tag and by digest.
    SqliteRepositoryAdmin admin_;
};

}  // namespace ocilot::meta
