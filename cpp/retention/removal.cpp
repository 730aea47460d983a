#include "retention/removal.h"

#include <algorithm>

namespace ocilot::retention {

Removal::Removal(Repository const& repository)
    : repository_(&repository),
      tags_(repository.manifests.size()),
      holders_(repository.blobs.size()),
      named_(repository.blobs.size()),
      gone_(repository.manifests.size()),
      subjects_(repository.manifests.size(), no_index) {
    for (auto const& tag : repository.tags) ++tags_[tag.manifest];
    for (auto const& [child, parent] : repository.parents) children_.emplace_back(parent, child);
    std::ranges::sort(children_);
    for (Index index = 0; index < repository.manifests.size(); ++index) {
        auto const& manifest = repository.manifests[index];
        bytes_ += manifest.size;
        if (manifest.subject) subjects_[index] = repository.find_manifest(*manifest.subject);
        if (subjects_[index] != no_index) referrers_.emplace_back(subjects_[index], index);
    }
    std::ranges::sort(referrers_);
    for (auto const& [blob, holder] : repository.holders) {
        blobs_.emplace_back(holder, blob);
        if (++holders_[blob] == 1) bytes_ += repository.blobs[blob].size;
        named_[blob] = true;
    }
    std::ranges::sort(blobs_);
}

void Removal::remove_tag(Index tag) {
    auto const manifest = repository_->tags[tag].manifest;
    --tags_[manifest];
    open_.push_back(manifest);
    remove_open();
}

void Removal::remove_manifest(Index manifest) {
    open_.push_back(manifest);
    remove_open();
}

void Removal::remove_open() {
    while (!open_.empty()) {
        auto const manifest = open_.back();
        open_.pop_back();
        if (gone_[manifest] || is_needed(manifest)) continue;
        gone_[manifest] = true;
        forget(manifest);
        follow(children_, manifest);
        follow(referrers_, manifest);
    }
}

bool Removal::is_needed(Index manifest) const {
    if (tags_[manifest] > 0) return true;
    if (subjects_[manifest] != no_index && !gone_[subjects_[manifest]]) return true;
    auto const& parents = repository_->parents;
    auto const first = std::ranges::lower_bound(parents, std::pair{manifest, Index{0}});
    for (auto at = first; at != parents.end() && at->first == manifest; ++at) {
        if (!gone_[at->second]) return true;
    }
    return false;
}

void Removal::forget(Index manifest) {
    bytes_ -= repository_->manifests[manifest].size;
    auto const first = std::ranges::lower_bound(blobs_, std::pair{manifest, Index{0}});
    for (auto at = first; at != blobs_.end() && at->first == manifest; ++at) {
        if (--holders_[at->second] == 0) bytes_ -= repository_->blobs[at->second].size;
    }
}

void Removal::follow(Pairs const& pairs, Index from) {
    auto const first = std::ranges::lower_bound(pairs, std::pair{from, Index{0}});
    for (auto at = first; at != pairs.end() && at->first == from; ++at) open_.push_back(at->second);
}

}  // namespace ocilot::retention
