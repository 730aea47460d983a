#include "server/connections.h"

#include "base/counted.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::server {

Result<Connections::Slot> Connections::acquire(std::string_view client) {
    std::lock_guard const lock(mutex_);
    if (max_ > 0 && all_ >= max_) {
        return Error{.code = Errc::unavailable,
                     .message = fmt::format("limit of {} reached, and none is idle",
                                            counted(max_, "connection", "connections")),
                     .retry_after = 1};
    }
    if (max_per_client_ == 0 || client.empty()) {
        ++all_;
        return Slot(*this, {});
    }
    auto const [place, added] = by_client_.try_emplace(std::string(client), 0);
    if (place->second >= max_per_client_) {
        return Error{.code = Errc::too_many_requests,
                     .message = fmt::format(
                         "limit of {} per client address reached; close some or retry in a few seconds",
                         counted(max_per_client_, "connection", "connections")),
                     .retry_after = 1};
    }
    ++place->second;
    ++all_;
    return Slot(*this, place->first);
}

void Connections::leave(std::string const& client) {
    std::lock_guard const lock(mutex_);
    --all_;
    if (client.empty()) return;
    auto const place = by_client_.find(client);
    if (--place->second == 0) by_client_.erase(place);
}

bool Connections::evict_idle() {
    auto const found =
        std::ranges::min_element(idle_owners_, {}, [](IdleOwner const* one) { return one->oldest_idle(); });
    if (found == idle_owners_.end()) return false;
    if ((*found)->oldest_idle() == std::chrono::steady_clock::time_point::max()) return false;
    (*found)->close_idle();
    return true;
}

}  // namespace ocilot::server
