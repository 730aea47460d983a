#include "registry/upload_room.h"

namespace ocilot::registry {

bool UploadRoom::take(std::string const& whose, std::size_t limit) {
    std::lock_guard const lock(mutex_);
    auto const found = bounds_.find(whose);
    if (found == bounds_.end() || found->second >= limit) return false;
    ++found->second;
    return true;
}

void UploadRoom::counted(std::string const& whose, std::size_t open) {
    std::lock_guard const lock(mutex_);
    if (bounds_.size() >= most) bounds_.clear();
    bounds_.insert_or_assign(whose, open);
}

}  // namespace ocilot::registry
