#include "net/deadline.h"

#include "net/progress_monitor.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <optional>

namespace ocilot::net {

using Ticks = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor>;

struct Deadline::State {
    State(Executor executor, std::function<void()> call, std::function<std::uint64_t()> count)
        : timer(executor), when_passed(std::move(call)), moved(std::move(count)) {}

    static void arm(std::shared_ptr<State> const& self);
    static void look(std::shared_ptr<State> const& self);
    /// Sets the time; arms the timer if that would fire too late.
    static void set(std::shared_ptr<State> const& self, Ticks::time_point time);

    Timer timer;
    std::function<void()> when_passed;
    std::function<std::uint64_t()> moved;
    std::optional<ProgressMonitor> progress;             // Absent: any is accepted.
    Ticks::time_point end = Ticks::time_point::max();    // Passes then, whatever moves; max: never.
    Ticks::time_point due = Ticks::time_point::max();    // Next look; max: no deadline.
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
    auto const now = Ticks::now();
    if (now < self->due) return arm(self);
    bool const watched = now < self->end && self->progress && self->progress->watched();
    if (watched && !self->progress->stalled(now, self->moved())) {
        self->due = std::min(self->progress->next_look(), self->end);
        return arm(self);
    }
    self->due = Ticks::time_point::max();
    self->passed = true;
    self->when_passed();
}

void Deadline::State::set(std::shared_ptr<State> const& self, Ticks::time_point time) {
    self->due = time;
    if (self->due < self->armed) arm(self);
}

Deadline::Deadline(Executor executor, std::function<void()> when_passed, std::function<std::uint64_t()> moved)
    : state_(std::make_shared<State>(executor, std::move(when_passed), std::move(moved))) {}

Deadline::~Deadline() = default;

void Deadline::expires_after(StreamTimeouts timeouts) {
    state_->passed = false;
    state_->progress.reset();
    bool const ends = timeouts.total.count() > 0;
    bool const listens = timeouts.stall.count() > 0;
    if (!ends && !listens) return State::set(state_, state_->end = Ticks::time_point::max());
    auto const now = Ticks::now();
    state_->end = ends ? now + timeouts.total : Ticks::time_point::max();
    if (listens) state_->progress.emplace(timeouts.stall);
    State::set(state_, listens ? std::min(now + timeouts.stall, state_->end) : state_->end);
}

void Deadline::watch() {
    auto& progress = state_->progress;
    if (!progress || progress->watched()) return;
    progress->watch(Ticks::now(), state_->moved());
    State::set(state_, std::min(progress->next_look(), state_->end));
}

bool Deadline::passed() const noexcept {
    return state_->passed;
}

}  // namespace ocilot::net
