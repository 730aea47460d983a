#include "registry/pushes.h"

#include <utility>

namespace ocilot::registry {

Pushes::Push::~Push() {
    if (pushes_ == nullptr) return;
    std::lock_guard const lock(pushes_->mutex_);
    auto const found = pushes_->entries_.find(digest_);
    if (--found->second.under_way == 0 && !found->second.is_inspected) pushes_->entries_.erase(found);
}

std::unique_ptr<Pushes::Inspection> Pushes::inspect(oci::Digest digest) {
    if (!begin_inspection(digest)) return nullptr;
    return std::make_unique<Inspection>(*this, digest);
}

bool Pushes::is_under_way(oci::Digest const& digest) {
    std::lock_guard const lock(mutex_);
    auto const found = entries_.find(digest);
    return found != entries_.end() && found->second.under_way > 0;
}

bool Pushes::begin_inspection(oci::Digest const& digest) {
    std::lock_guard const lock(mutex_);
    auto& entry = entries_[digest];
    if (entry.is_inspected) return false;
    entry.is_inspected = true;
    entry.has_new_push = entry.under_way > 0;
    return true;
}

Pushes::Inspection::~Inspection() {
    std::vector<Resume<bool>> waiting;
    {
        std::lock_guard const lock(pushes_.mutex_);
        auto const found = pushes_.entries_.find(digest_);
        auto& entry = found->second;
        waiting.swap(entry.waiting);
        entry.is_inspected = false;
        entry.is_stopped = false;
        if (entry.under_way == 0) pushes_.entries_.erase(found);
    }
    for (auto& resume : waiting) resume(true);
}

bool Pushes::Inspection::stop_pushes() {
    std::lock_guard const lock(pushes_.mutex_);
    auto& entry = pushes_.entries_.at(digest_);
    if (!std::exchange(entry.has_new_push, entry.under_way > 0)) entry.is_stopped = true;
    return entry.is_stopped;
}

Task<Pushes::Push> Pushes::begin(oci::Digest digest) {
    while (!try_begin(digest)) {
        co_await suspend<bool>([this, digest](Resume<bool> resume) { wait(digest, std::move(resume)); });
    }
    co_return Push(*this, digest);
}

bool Pushes::try_begin(oci::Digest const& digest) {
    std::lock_guard const lock(mutex_);
    auto& entry = entries_[digest];
    if (entry.is_stopped) return false;
    ++entry.under_way;
    entry.has_new_push = true;
    return true;
}

void Pushes::wait(oci::Digest const& digest, Resume<bool> resume) {
    {
        std::lock_guard const lock(mutex_);
        auto const found = entries_.find(digest);
        if (found != entries_.end() && found->second.is_stopped) {
            found->second.waiting.push_back(std::move(resume));
            return;
        }
    }
    resume(true);
}

}  // namespace ocilot::registry
