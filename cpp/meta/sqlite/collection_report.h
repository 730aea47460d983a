#pragma once

#include "meta/collection_report.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// The report of the review queue in SQLite. A plan is made on the connection that writes, between writes:
/// for hundreds of objects it takes them some milliseconds.
class SqliteCollectionReport final : public CollectionReport {
  public:
    SqliteCollectionReport(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<CollectionCounts>> counts(ReviewCutoffs cutoffs) override;
    Task<Result<CollectionPlan>> plan(PlanRequest request) override;
    Task<Result<std::vector<Holding>>> holdings(oci::Digest const& digest, std::size_t limit) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
