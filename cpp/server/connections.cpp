#include "server/connections.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::server {

Result<Connections::Seat> Connections::enter(std::string_view client) {
    std::lock_guard const lock(mutex_);
    if (most_ > 0 && all_ >= most_) {
        return Error{.code = Errc::unavailable,
                     .message = fmt::format("all {} connections are taken, and none is idle", most_),
                     .retry_after = 1};
    }
    if (most_per_client_ == 0 || client.empty()) {
        ++all_;
        return Seat(*this, {});
    }
    auto const [place, added] = by_client_.try_emplace(std::string(client), 0);
    if (place->second >= most_per_client_) {
        return Error{
            .code = Errc::too_many_requests,
            .message = fmt::format("your address has {} connections open, the most that is allowed here; "
                                   "close some or wait a little",
                                   most_per_client_),
            .retry_after = 1};
    }
    ++place->second;
    ++all_;
    return Seat(*this, place->first);
}

void Connections::leave(std::string const& client) {
    std::lock_guard const lock(mutex_);
    --all_;
    if (client.empty()) return;
    auto const place = by_client_.find(client);
    if (--place->second == 0) by_client_.erase(place);
}

bool Connections::make_room() {
    auto const found =
        std::ranges::min_element(yielding_, {}, [](Yielding const* one) { return one->oldest_idle(); });
    if (found == yielding_.end()) return false;
    if ((*found)->oldest_idle() == std::chrono::steady_clock::time_point::max()) return false;
    (*found)->yield();
    return true;
}

}  // namespace ocilot::server
