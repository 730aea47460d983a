#include "jobs/rank_repositories.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace ocilot::jobs {

namespace {

constexpr std::int64_t changes_at_once = 1000;
constexpr std::size_t names_at_once = 100;  ///< in one transaction
/// So many changes are read in a round. Where more come, the rest is found by the look at all repositories.
constexpr std::int64_t most_changes = 20'000;

}  // namespace

Task<Result<std::size_t>> RankRepositories::round(Round const& round) {
    CO_TRY(auto const changed, co_await rank_changed(round));
    CO_TRY(auto const others, co_await rank_next());
    co_return changed + others;
}

Task<Result<std::size_t>> RankRepositories::rank_changed(Round const& round) {
    CO_TRY(auto const last, co_await meta_.journal().last());
    auto const from = std::max({read_to_.value_or(0), last - most_changes, std::int64_t{0}});
    std::set<std::string> names;
    for (auto read_to = from; read_to < last; read_to += changes_at_once) {
        auto const to = std::min(read_to + changes_at_once, last);
        CO_TRY(auto some, co_await meta_.journal().repositories_after(read_to, to));
        names.insert(std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
        CO_CHECK(round.check());
    }
    std::size_t moved = 0;
    while (!names.empty()) {
        std::vector<std::string> some;
        while (!names.empty() && some.size() < names_at_once) {
            some.push_back(std::move(names.extract(names.begin()).value()));
        }
        CO_TRY(auto const more, co_await meta_.catalog().admin().rank(std::move(some)));
        moved += more;
        CO_CHECK(round.check());
    }
    read_to_ = last;  // A round that fails reads these changes again.
    co_return moved;
}

Task<Result<std::size_t>> RankRepositories::rank_next() {
    meta::Page page{looked_at_to_, names_at_once};
    CO_TRY(auto const found, co_await meta_.catalog().admin().list(std::string(), std::move(page)));
    looked_at_to_.reset();
    if (found.more && !found.items.empty()) looked_at_to_ = found.items.back().name;
    std::vector<std::string> names;
    names.reserve(found.items.size());
    for (auto const& repository : found.items) names.push_back(repository.name);
    co_return co_await meta_.catalog().admin().rank(std::move(names));
}

}  // namespace ocilot::jobs
