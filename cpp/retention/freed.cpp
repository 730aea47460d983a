#include "retention/freed.h"

#include <algorithm>

namespace ocilot::retention {

namespace {

/// Follows what is above and below each manifest.
class Graph {
  public:
    Graph(Outcome const& outcome, Repository const& repository)
        : repository_(repository),
          tags_(repository.manifests.size()),
          going_(repository.manifests.size()),
          subjects_(repository.manifests.size(), no_index) {
        for (auto const& [child, parent] : repository.parents) children_.emplace_back(parent, child);
        std::ranges::sort(children_);
        for (Index index = 0; index < repository.manifests.size(); ++index) {
            auto const& subject = repository.manifests[index].subject;
            if (subject) subjects_[index] = repository.find_manifest(*subject);
            if (subjects_[index] != no_index) referrers_.emplace_back(subjects_[index], index);
        }
        std::ranges::sort(referrers_);
        for (auto const& row : outcome.rows) {
            if (row.is_tag && !row.is_deleted()) ++tags_[repository.tags[row.index].manifest];
            if (!row.is_deleted()) continue;
            open_.push_back(row.is_tag ? repository.tags[row.index].manifest : row.index);
        }
    }

    std::vector<bool> const& run() {
        while (!open_.empty()) {
            auto const index = open_.back();
            open_.pop_back();
            if (going_[index] || is_needed(index)) continue;
            going_[index] = true;
            follow(children_, index);
            follow(referrers_, index);
        }
        return going_;
    }

  private:
    using Pairs = std::vector<std::pair<Index, Index>>;

    [[nodiscard]] bool is_needed(Index index) const {
        if (tags_[index] > 0) return true;
        if (subjects_[index] != no_index && !going_[subjects_[index]]) return true;
        auto const first = std::ranges::lower_bound(repository_.parents, std::pair{index, Index{0}});
        for (auto at = first; at != repository_.parents.end() && at->first == index; ++at) {
            if (!going_[at->second]) return true;
        }
        return false;
    }
    void follow(Pairs const& pairs, Index from) {
        auto const first = std::ranges::lower_bound(pairs, std::pair{from, Index{0}});
        for (auto at = first; at != pairs.end() && at->first == from; ++at) open_.push_back(at->second);
    }

    Repository const& repository_;
    std::vector<std::uint32_t> tags_;  // That stay on each manifest.
    std::vector<bool> going_;
    std::vector<Index> subjects_;
    Pairs children_;
    Pairs referrers_;
    std::vector<Index> open_;
};

}  // namespace

Freed freed_by(Outcome const& outcome, Repository const& repository) {
    Freed freed;
    if (!outcome.deletes()) return freed;
    Graph graph(outcome, repository);
    auto const& going = graph.run();
    for (Index index = 0; index < going.size(); ++index) {
        if (going[index]) freed.manifests.push_back(index);
    }
    auto const& holders = repository.holders;
    for (auto at = holders.begin(); at != holders.end();) {
        auto const blob = at->first;
        bool needed = false;
        for (; at != holders.end() && at->first == blob; ++at) needed = needed || !going[at->second];
        if (!needed) freed.blobs.push_back(blob);
    }
    return freed;
}

}  // namespace ocilot::retention
