#include "server/connections.h"

#include <fmt/format.h>

namespace ocilot::server {

Result<Connections::Seat> Connections::enter(std::string_view client) {
    std::lock_guard const lock(mutex_);
    if (most_ > 0 && all_ >= most_) {
        return Error{Errc::unavailable, fmt::format("all {} connections are taken", most_)};
    }
    if (most_per_client_ == 0) {
        ++all_;
        return Seat(*this, {});
    }
    auto const [place, added] = by_client_.try_emplace(std::string(client), 0);
    if (place->second >= most_per_client_) {
        return Error{Errc::too_many_requests,
                     fmt::format("your address has {} connections open, the most that is allowed here; close "
                                 "some or wait a little",
                                 most_per_client_)};
    }
    ++place->second;
    ++all_;
    return Seat(*this, place->first);
}

void Connections::leave(std::string const& client) {
    std::lock_guard const lock(mutex_);
    --all_;
    if (most_per_client_ == 0) return;
    auto const place = by_client_.find(client);
    if (--place->second == 0) by_client_.erase(place);
}

}  // namespace ocilot::server
