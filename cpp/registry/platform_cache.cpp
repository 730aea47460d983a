#include "registry/platform_cache.h"

#include <utility>

namespace ocilot::registry {

std::optional<PlatformCache::Platforms> PlatformCache::find(oci::Digest const& digest) {
    std::lock_guard const lock(mutex_);
    if (auto const found = young_.find(digest); found != young_.end()) return found->second;
    auto const found = old_.find(digest);
    if (found == old_.end()) return std::nullopt;
    return young_.insert(old_.extract(found)).position->second;
}

void PlatformCache::add(oci::Digest const& digest, Platforms platforms) {
    std::lock_guard const lock(mutex_);
    if (young_.size() >= capacity_) old_ = std::exchange(young_, {});
    young_.insert_or_assign(digest, std::move(platforms));
}

}  // namespace ocilot::registry
