#include "meta/sqlite/content_report.h"

#include "meta/sqlite/collection_plan.h"
#include "meta/sqlite/holdings.h"
#include "meta/sqlite/usage.h"
#include "meta/sqlite/values.h"

namespace ocilot::meta {

namespace {

Result<CollectionCounts> read_counts(SqliteDb& db, ReviewCutoffs const& cutoffs) {
    TRY(auto rows, db.query("SELECT (SELECT count(*) FROM review WHERE fresh = 0 AND released_at <= ?1), "
                            "(SELECT count(*) FROM review WHERE fresh = 1 AND released_at <= ?2), "
                            "(SELECT count(*) FROM review WHERE fresh = 0 AND released_at > ?1), "
                            "(SELECT count(*) FROM review WHERE fresh = 1 AND released_at > ?2), "
                            "(SELECT count(*) FROM review_now WHERE repository >= '')",
                            {stored(cutoffs.released_before), stored(cutoffs.fresh_before)}));
    CHECK(rows.next());
    return CollectionCounts{
        .waiting = static_cast<std::uint64_t>(rows.integer(2) + rows.integer(3)),
        .due = static_cast<std::uint64_t>(rows.integer(0) + rows.integer(1) + rows.integer(4))};
}

/// Whatever the work changes is undone.
Result<CollectionPlan> plan_and_undo(SqliteDb& db, PlanRequest const& request) {
    CHECK(db.change("SAVEPOINT plan"));
    auto plan = plan_round(db, request);
    CHECK(db.change("ROLLBACK TO plan"));
    CHECK(db.change("RELEASE plan"));
    return plan;
}

}  // namespace

Task<Result<CollectionCounts>> SqliteContentReport::counts(ReviewCutoffs cutoffs) {
    return read_aside([=](SqliteDb& db) { return read_counts(db, cutoffs); });
}

Task<Result<CollectionPlan>> SqliteContentReport::plan(PlanRequest request) {
    return writer_.run(ChangeScope::nothing(),
                       [what = std::move(request)](SqliteDb& db) { return plan_and_undo(db, what); });
}

Task<Result<std::vector<Holding>>> SqliteContentReport::holdings(oci::Digest const& digest,
                                                                 std::size_t limit) {
    return read_aside([=](SqliteDb& db) { return read_holdings(db, digest, limit); });
}

Task<Result<Usage>> SqliteContentReport::usage(oci::RepositoryName const& repository) {
    co_return readers_.read([&](SqliteDb& db) { return usage_of(db, repository.str()); });
}

Task<Result<Usage>> SqliteContentReport::caller_usage(std::string_view caller) {
    co_return readers_.read([&](SqliteDb& db) { return read_caller_usage(db, caller); });
}

Task<Result<Slice<CallerUsage>>> SqliteContentReport::caller_usages(Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_caller_usages(db, page); });
}

Task<Result<Slice<RepositoryUsage>>> SqliteContentReport::usages(Page page) {
    co_return readers_.read([&](SqliteDb& db) { return read_usages(db, page); });
}

Task<Result<UsageDetails>> SqliteContentReport::details(oci::RepositoryName const& repository) {
    return read_aside([=](SqliteDb& db) { return read_usage_details(db, repository); });
}

Task<Result<ImageUsage>> SqliteContentReport::image(oci::RepositoryName const& repository,
                                                    oci::Tag const& tag, std::size_t limit) {
    return read_aside([=](SqliteDb& db) { return read_image_usage(db, repository, tag, limit); });
}

}  // namespace ocilot::meta
