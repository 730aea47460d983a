#include "meta/sqlite/leases.h"

namespace ocilot::meta {

Task<Result<std::optional<Lease>>> SqliteLeases::acquire(std::string_view name, std::string_view holder,
                                                         std::chrono::seconds) {
    co_return take(name, holder);
}

Task<Result<bool>> SqliteLeases::renew(Lease const& lease, std::chrono::seconds) {
    co_return holds(lease);
}

Task<Result<>> SqliteLeases::release(Lease const& lease) {
    give_back(lease);
    co_return Result<>();
}

std::optional<Lease> SqliteLeases::take(std::string_view name, std::string_view holder) {
    std::lock_guard const lock(mutex_);
    auto& held = leases_[std::string(name)];
    if (!held.holder.empty() && held.holder != holder) return std::nullopt;
    held.holder = holder;
    return Lease{std::string(name), held.holder, ++held.epoch};
}

bool SqliteLeases::holds(Lease const& lease) const {
    std::lock_guard const lock(mutex_);
    auto const found = leases_.find(lease.name);
    return found != leases_.end() && found->second.holder == lease.holder &&
           found->second.epoch == lease.epoch;
}

void SqliteLeases::give_back(Lease const& lease) {
    std::lock_guard const lock(mutex_);
    auto const found = leases_.find(lease.name);
    if (found != leases_.end() && found->second.epoch == lease.epoch) found->second.holder.clear();
}

}  // namespace ocilot::meta
