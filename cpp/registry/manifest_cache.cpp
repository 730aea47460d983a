#include "registry/manifest_cache.h"

namespace ocilot::registry {

ManifestCache::Bytes ManifestCache::find(oci::Digest const& digest) {
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(digest);
    if (found == entries_.end()) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->bytes;
}

void ManifestCache::add(oci::Digest const& digest, Bytes bytes) {
    if (bytes->size() > capacity_) return;
    std::lock_guard const lock(mutex_);
    if (entries_.contains(digest)) return;
    held_ += bytes->size();
    by_use_.push_front({digest, std::move(bytes)});
    entries_.emplace(digest, by_use_.begin());
    while (held_ > capacity_) {
        auto const& oldest = by_use_.back();
        held_ -= oldest.bytes->size();
        entries_.erase(oldest.digest);
        by_use_.pop_back();
    }
}

}  // namespace ocilot::registry
