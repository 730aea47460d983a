#include "server/idle_sessions.h"

#include "server/session.h"

namespace ocilot::server {

void IdleSessions::set_first(Session* session) noexcept {
    first_ = session;
    auto const since = session != nullptr ? session->idle_link().since : Ticks::time_point::max();
    oldest_.store(since.time_since_epoch().count(), std::memory_order_relaxed);
}

void IdleSessions::add(Session& session) noexcept {
    auto& place = session.idle_link();
    place = {.before = last_, .after = nullptr, .since = Ticks::now(), .listed = true};
    if (last_ != nullptr) {
        last_->idle_link().after = &session;
    } else {
        set_first(&session);
    }
    last_ = &session;
}

void IdleSessions::remove(Session& session) noexcept {
    auto& place = session.idle_link();
    if (!place.listed) return;
    place.listed = false;
    if (place.after != nullptr) {
        place.after->idle_link().before = place.before;
    } else {
        last_ = place.before;
    }
    if (place.before != nullptr) {
        place.before->idle_link().after = place.after;
    } else {
        set_first(place.after);
    }
}

}  // namespace ocilot::server
