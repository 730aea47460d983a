#include "net/deadline.h"

#include <boost/asio/basic_waitable_timer.hpp>

namespace ocilot::net {

using Ticks = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor>;

struct Deadline::State {
    State(Executor executor, std::function<void()> call) : timer(executor), when_passed(std::move(call)) {}

    static void arm(std::shared_ptr<State> const& self);
    static void look(std::shared_ptr<State> const& self);

    Timer timer;
    std::function<void()> when_passed;
    Ticks::time_point due = Ticks::time_point::max();    // max: no deadline.
    Ticks::time_point armed = Ticks::time_point::max();  // When the timer fires; max: not running.
    bool passed = false;
};

void Deadline::State::arm(std::shared_ptr<State> const& self) {
    self->armed = self->due;
    self->timer.expires_at(self->due);
    self->timer.async_wait([weak = std::weak_ptr(self)](boost::system::error_code const& aborted) {
        auto const state = weak.lock();
        if (state && !aborted) look(state);
    });
}

void Deadline::State::look(std::shared_ptr<State> const& self) {
    self->armed = Ticks::time_point::max();
    if (self->due == Ticks::time_point::max()) return;
    if (Ticks::now() < self->due) return arm(self);
    self->due = Ticks::time_point::max();
    self->passed = true;
    self->when_passed();
}

Deadline::Deadline(Executor executor, std::function<void()> when_passed)
    : state_(std::make_shared<State>(executor, std::move(when_passed))) {}

Deadline::~Deadline() = default;

void Deadline::expires_after(std::chrono::milliseconds limit) {
    state_->passed = false;
    state_->due = limit.count() > 0 ? Ticks::now() + limit : Ticks::time_point::max();
    if (state_->due < state_->armed) State::arm(state_);
}

bool Deadline::passed() const noexcept {
    return state_->passed;
}

}  // namespace ocilot::net
