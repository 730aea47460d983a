#include "jobs/tag_history.h"

namespace ocilot::jobs {

namespace {

constexpr std::size_t rows_of_a_piece = 100;  // Each may look at as many entries as a tag keeps.

}  // namespace

Task<Result<std::size_t>> forget_tag_history(meta::Catalog& catalog, Time now, HistoryLimits limits,
                                             Round const& round) {
    meta::HistoryRules rules{.per_tag = limits.per_tag};
    if (limits.age > std::chrono::seconds(0)) rules.oldest = now - limits.age;
    std::size_t forgotten = 0;
    std::int64_t after = 0;
    for (;;) {
        CO_TRY(auto const piece, co_await catalog.forget_history(rules, after, rows_of_a_piece));
        forgotten += piece.forgotten;
        if (!piece.after) co_return forgotten;
        after = *piece.after;
        CO_CHECK(round.check());
    }
}

}  // namespace ocilot::jobs
