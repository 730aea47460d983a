#include "jobs/tag_history.h"

namespace ocilot::jobs {

namespace {

constexpr std::size_t rows_of_a_piece = 100;  // Each may look at as many entries as a tag keeps.

}  // namespace

Task<Result<std::size_t>> prune_tag_history(meta::Catalog& catalog, Time now, HistoryLimits limits,
                                            Round const& round) {
    meta::HistoryRules rules{.per_tag = limits.per_tag};
    if (limits.age > std::chrono::seconds(0)) rules.oldest = now - limits.age;
    std::size_t removed = 0;
    std::int64_t after = 0;
    for (;;) {
        CO_TRY(auto const piece, co_await catalog.prune_history(rules, after, rows_of_a_piece));
        removed += piece.removed;
        if (!piece.after) co_return removed;
        after = *piece.after;
        CO_CHECK(round.check());
    }
}

}  // namespace ocilot::jobs
