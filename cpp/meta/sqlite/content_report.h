#pragma once

#include "base/blocking_pool.h"
#include "meta/content_report.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// The report of the review queue in SQLite. A plan is made on the connection that writes, between writes:
/// for hundreds of objects it takes them some milliseconds. What looks at a whole queue, repository or image
/// is read on a thread of its own, as it would hold an I/O context.
class SqliteContentReport final : public ContentReport {
  public:
    SqliteContentReport(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<CollectionCounts>> counts(ReviewCutoffs cutoffs) override;
    Task<Result<CollectionPlan>> plan(PlanRequest request) override;
    Task<Result<std::vector<Holding>>> holdings(oci::Digest const& digest, std::size_t limit) override;
    Task<Result<Usage>> usage(oci::RepositoryName const& repository) override;
    Task<Result<Slice<RepositoryUsage>>> usages(Page page) override;
    Task<Result<Usage>> caller_usage(std::string_view caller) override;
    Task<Result<Slice<CallerUsage>>> caller_usages(Page page) override;
    Task<Result<UsageDetails>> details(oci::RepositoryName const& repository) override;
    Task<Result<ImageUsage>> image(oci::RepositoryName const& repository, oci::Tag const& tag,
                                   std::size_t limit) override;

  private:
    template <class Read>
    auto read_aside(Read read) {
        return aside_.run([this, read = std::move(read)] { return readers_.read(read); });
    }

    SqliteReaders& readers_;
    SqliteWriter& writer_;
    BlockingPool aside_{1};
};

}  // namespace ocilot::meta
