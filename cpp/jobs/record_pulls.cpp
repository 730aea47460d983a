#include "jobs/record_pulls.h"

#include "jobs/pull_sample.h"
#include "registry/pull_counter.h"
#include "registry/sessions.h"

#include <algorithm>
#include <list>
#include <utility>
#include <vector>

namespace ocilot::jobs {

namespace {

constexpr std::size_t counts_at_once = 200;  ///< in one transaction: a few milliseconds

/// A batch that goes back to the counter unless it was recorded, however the work ends.
class Unrecorded {
  public:
    explicit Unrecorded(registry::Registry& registry) : Unrecorded(*registry.pulls) {
        sampled_ = registry.pull_events == registry::PullEvents::sampled;
        told_ = pull_sample(rest_.front(), registry.pull_events, registry.random);
    }
    ~Unrecorded() { counter_.put_back(std::move(rest_)); }
    Unrecorded(Unrecorded const&) = delete;
    Unrecorded& operator=(Unrecorded const&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return rest_.front().size(); }
    [[nodiscard]] std::vector<meta::PullCount> piece() const {
        auto const& all = rest_.front();
        auto const count = static_cast<std::ptrdiff_t>(std::min(all.size(), counts_at_once));
        std::vector<meta::PullCount> piece{all.end() - count, all.end()};
        // Not in the batch itself: what goes back to the counter is drawn anew, with others.
        for (std::size_t i = 0; i < piece.size(); ++i) {
            piece[i].told = told_[all.size() - piece.size() + i];
            piece[i].sampled = sampled_;
        }
        return piece;
    }
    void recorded(std::size_t count) noexcept {
        auto& all = rest_.front();
        all.erase(all.end() - static_cast<std::ptrdiff_t>(count), all.end());
    }

  private:
    /// On its own, so that the batch goes back also if memory for the sample is short.
    explicit Unrecorded(registry::PullCounter& counter) : recording_(counter), counter_(counter), rest_(1) {
        rest_.front() = counter.take();
    }

    registry::PullCounter::Recording recording_;
    registry::PullCounter& counter_;
    std::list<std::vector<meta::PullCount>> rest_;
    std::vector<std::uint64_t> told_;  ///< of each name of the batch
    bool sampled_ = false;
};

/// Nothing is to be deleted for want of a pull that was dropped.
Task<Result<>> note_gap(registry::Registry& registry, Time now) {
    auto& counter = *registry.pulls;
    if (!counter.take_gap()) co_return Result<>();
    auto const noted = co_await registry.meta.pulls().begin_again(now);
    if (noted.has_error()) counter.put_back_gap();
    co_return noted;
}

}  // namespace

Task<Result<std::size_t>> record_pulls(registry::Registry& registry) {
    if (registry.pulls == nullptr) co_return std::size_t{0};
    auto& counter = *registry.pulls;
    Unrecorded batch(registry);
    // A clock that is set back makes no pull old: its time would count as long as the tag is there.
    auto const now = std::max(registry.clock.now(), registry.sessions.now());
    CO_CHECK(co_await note_gap(registry, now));
    auto const names = batch.size();
    while (batch.size() > 0) {
        auto const piece = batch.piece();
        CO_CHECK(co_await registry.meta.pulls().record(piece, now));
        batch.recorded(piece.size());
        counter.recorded(piece);
    }
    co_return names;
}

Task<Result<std::size_t>> record_pulls(registry::Registry& registry, Log const& log) {
    auto recorded = co_await record_pulls(registry);
    if (registry.pulls == nullptr) co_return recorded;
    if (auto const dropped = registry.pulls->take_dropped(); dropped > 0) {
        log.warn(
            "pulls not counted: too many tags and manifests pulled in one interval; lower "
            "ocilot.pulls.interval",
            {{"pulls", dropped}});
    }
    co_return recorded;
}

}  // namespace ocilot::jobs
