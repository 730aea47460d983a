#pragma once

#include "meta/collection.h"
#include "meta/sqlite/content_report.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/releases.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// The review queue in SQLite. One process writes: what a transaction decides holds until it is committed.
class SqliteCollection final : public Collection {
  public:
    SqliteCollection(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer), releases_(readers, writer), report_(readers, writer) {}

    Task<Result<>> enqueue(std::vector<Candidate> candidates, CollectionPlace place) override;
    Task<Result<std::optional<CollectionPlace>>> place() override;
    Task<Result<std::vector<Candidate>>> due(ReviewCutoffs cutoffs, std::size_t limit) override;
    Task<Result<Reviewed>> review(oci::RepositoryName const& repository, std::vector<oci::Digest> candidates,
                                  ReviewCutoffs cutoffs) override;
    Task<Result<>> lift(oci::RepositoryName const& repository, std::vector<oci::Digest> condemned,
                        Time now) override;
    Task<Result<Purged>> purge(oci::RepositoryName const& repository, std::vector<oci::Digest> digests,
                               ReviewCutoffs cutoffs, Time now) override;
    Task<Result<std::vector<oci::Digest>>> unheld(std::vector<oci::Digest> digests) override;
    Task<Result<>> settle(std::vector<Candidate> bytes, std::vector<Candidate> again) override;
    Task<Result<Restored>> restore(RestoreRequest request, Actor by, Time now) override;
    Task<Result<FoundPiece>> find(std::string from, std::size_t rows, Time now) override;
    [[nodiscard]] Releases& releases() noexcept override { return releases_; }
    [[nodiscard]] ContentReport& report() noexcept override { return report_; }

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
    SqliteReleases releases_;
    SqliteContentReport report_;
};

}  // namespace ocilot::meta
