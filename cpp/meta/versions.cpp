#include "meta/versions.h"

namespace ocilot::meta {

ChangeScope ChangeScope::of(oci::RepositoryName const& repository) noexcept {
    return ChangeScope(Kind::repository, Versions::slot_of(repository));
}

std::size_t Versions::slot_of(oci::RepositoryName const& repository) noexcept {
    return std::hash<std::string_view>()(repository.str()) % slots;
}

std::uint64_t Versions::of(oci::RepositoryName const& repository) const noexcept {
    // Both only grow, so that their sum moves when either does.
    return repositories_[slot_of(repository)].load(std::memory_order_acquire) +
           all_.load(std::memory_order_acquire);
}

void Versions::changed(ChangeScope scope) noexcept {
    if (scope.kind_ == ChangeScope::Kind::repository) {
        repositories_[scope.slot_].fetch_add(1, std::memory_order_release);
    }
    if (scope.kind_ == ChangeScope::Kind::everything) all_.fetch_add(1, std::memory_order_release);
    if (scope.kind_ == ChangeScope::Kind::accounts) accounts_.fetch_add(1, std::memory_order_release);
}

}  // namespace ocilot::meta
