#include "jobs/unread_releases.h"

#include "jobs/candidates.h"

#include <algorithm>

namespace ocilot::jobs {

namespace {

constexpr std::size_t changes_at_once = 500;
constexpr std::int64_t most_unread = 20'000;  ///< changes: a fraction of a second

}  // namespace

Task<Result<>> UnreadReleases::begin() {
    CO_TRY(auto const place, co_await registry_.meta.collection().place());
    CO_TRY(auto const newest, co_await registry_.meta.journal().last());
    last_ = place ? place->change : newest;
    too_many_ = newest - last_ > most_unread;
    begun_ = true;
    co_return Result<>();
}

Task<Result<>> UnreadReleases::read(Round const& round) {
    if (!begun_) {
        CO_CHECK(co_await begin());
    }
    while (!too_many_) {
        CO_TRY(auto const page, co_await registry_.meta.journal().after(last_, changes_at_once));
        for (auto const& change : page.items) add(change);
        if (!page.more) break;
        CO_CHECK(co_await round.pause_until(Round::Ticks::now()));  // Lets other work of the thread run.
    }
    co_return Result<>();
}

void UnreadReleases::add(meta::Change const& change) {
    last_ = change.id;
    for (auto const& candidate : candidates_of(change)) {
        auto& released_at = repositories_[candidate.repository][candidate.digest.str()];
        if (candidate.fresh) {
            released_at.reset();
        } else {
            released_at = std::max(released_at.value_or(candidate.released_at), candidate.released_at);
        }
    }
}

void UnreadReleases::correct(retention::Repository& repository) const {
    if (too_many_) {
        for (auto& manifest : repository.manifests) manifest.released_at.reset();
        return;
    }
    auto const releases = repositories_.find(repository.name.str());
    if (releases == repositories_.end()) return;
    for (auto& manifest : repository.manifests) {
        if (!manifest.released_at) continue;
        auto const found = releases->second.find(manifest.digest.str());
        if (found == releases->second.end()) continue;
        auto const& later = found->second;
        manifest.released_at = later ? std::optional(std::max(*manifest.released_at, *later)) : std::nullopt;
    }
}

}  // namespace ocilot::jobs
