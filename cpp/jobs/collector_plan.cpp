#include "jobs/candidates.h"
#include "jobs/collector.h"
#include "registry/sessions.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ocilot::jobs {

namespace {

constexpr std::size_t changes_at_once = 500;
constexpr std::size_t most_unread = 10'000;  ///< candidates that no round has seen

}  // namespace

Task<Result<meta::CollectionPlan>> Collector::plan(bool all, std::size_t limit) {
    auto const now = registry_.sessions.now();
    meta::PlanRequest request{.cutoffs = cutoffs(), .now = now, .limit = limit};
    if (all) request.cutoffs.released_before = now;
    request.is_probed = [this](oci::Digest const& digest) { return is_probed(digest); };
    CO_TRY(auto const place, co_await registry_.meta.collection().place());
    if (!place || rules_.awaits_adoption) co_return meta::CollectionPlan{};
    for (auto from = place->change; request.unread.size() < most_unread;) {
        CO_TRY(auto const page, co_await registry_.meta.journal().after(from, changes_at_once));
        for (auto const& change : page.items)
            std::ranges::move(candidates_of(change), std::back_inserter(request.unread));
        if (!page.more) break;
        from = page.items.back().id;
    }
    for (auto& candidate : request.unread) candidate.released_at = std::min(candidate.released_at, now);
    co_return co_await registry_.meta.collection().report().plan(std::move(request));
}

}  // namespace ocilot::jobs
