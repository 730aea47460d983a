#pragma once

#include "meta/retention.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// What retention reads and keeps, in SQLite. Reads run on the calling thread.
class SqliteRetention final : public Retention {
  public:
    SqliteRetention(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<Slice<RetentionTag>>> tags(oci::RepositoryName const& repository, Page page) override;
    Task<Result<Slice<RetentionManifest>>> manifests(oci::RepositoryName const& repository,
                                                     Page page) override;
    Task<Result<std::vector<RetentionEdge>>> edges(oci::RepositoryName const& repository, EdgePlace after,
                                                   std::size_t limit) override;
    Task<Result<Slice<BlobFact>>> links(oci::RepositoryName const& repository, Page page) override;
    Task<Result<std::vector<oci::Digest>>> held_elsewhere(oci::RepositoryName const& repository,
                                                          std::vector<oci::Digest> digests) override;
    Task<Result<std::int64_t>> add_plan(RetentionPlan plan) override;
    Task<Result<>> add_pieces(std::int64_t plan, std::vector<PlanPiece> pieces) override;
    Task<Result<>> change_plan(RetentionPlan plan, std::string expected) override;
    Task<Result<RetentionPlan>> plan(std::int64_t id) override;
    Task<Result<std::vector<RetentionPlan>>> plans(std::optional<std::int64_t> before,
                                                   std::size_t limit) override;
    Task<Result<std::vector<PlanPiece>>> pieces(PieceQuery query) override;
    Task<Result<>> remove_plans(std::vector<std::int64_t> ids) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
