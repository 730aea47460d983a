#include "engine.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fmt/format.h>
#include <poll.h>
#include <stdexcept>
#include <unistd.h>

namespace ocilot::load {

namespace {

constexpr Nanos longest_silence = 30 * second;
constexpr Nanos longest_backlog = 10 * second;
// A sleeping thread wakes about this late: what is due sooner is waited for awake.
constexpr Nanos wake_up = 60'000;
// More at once overflow a server's queue of connections to accept.
constexpr std::size_t most_connecting = 64;

Nanos cpu_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * second + time.tv_nsec;
}

}  // namespace

Engine::Engine(Options const& options, Target const& target, Workload& workload, std::uint64_t seed)
    : options_{options},
      target_{target},
      workload_{workload},
      schedule_{options, 0, seed},
      tally_{workload.kinds()},
      streams_{options.workload == "streams"},
      seed_{seed} {}

void Engine::connect() {
    progress_ = now();
    while (connected_ < options_.connections) {
        while (slots_.size() < options_.connections && slots_.size() - connected_ < most_connecting) {
            auto& slot = *slots_.emplace_back(std::make_unique<Slot>(poller_, target_));
            slot.connecting = true;
            drive(slot, slot.connection.open());
        }
        dispatch(second);
        if (now() - progress_ > longest_silence) throw std::runtime_error("the server takes no connections");
    }
}

void Engine::dispatch(Nanos longest) {
    auto const events = poller_.wait(longest);
    if (!events.empty()) progress_ = now();
    for (auto const& event : events) {
        auto& slot = *static_cast<Slot*>(event.data.ptr);
        drive(slot, slot.connection.ready(buffer_));
    }
}

void Engine::drive(Slot& slot, Event event) {
    while (event != Event::nothing) {
        switch (event) {
            case Event::connected:
                event = connected(slot);
                break;
            case Event::answered:
                event = answered(slot);
                break;
            case Event::broken:
                event = broken(slot);
                break;
            case Event::nothing:
                break;
        }
    }
}

Connection::Event Engine::connected(Slot& slot) {
    slot.connecting = false;
    if (!running_) {
        ++connected_;
        return Event::nothing;
    }
    return slot.busy ? slot.connection.send() : start_next(slot, now());
}

Connection::Event Engine::answered(Slot& slot) {
    auto const time = now();
    auto& request = slot.connection.request();
    auto const& answer = slot.connection.answer();
    bool const used_up = slot.connection.used_up();
    slot.asked.swap(request.head);
    request.clear();
    auto const verdict = workload_.answered(slot.operation, answer, request);
    if (verdict == Workload::Verdict::more) {
        ++slot.operation.step;
        return used_up ? reopen(slot) : slot.connection.send();
    }
    slot.received += answer.body_bytes;
    if (schedule_.counts(slot.meant)) tally_.status(answer.status);
    if (verdict == Workload::Verdict::done) {
        finish(slot, time, true, {});
    } else {
        auto const line = slot.asked.substr(0, slot.asked.find(" HTTP/1.1"));
        finish(slot, time, false, fmt::format("{} was answered with {}", line, answer.status));
    }
    return used_up ? reopen(slot) : start_next(slot, time);
}

Connection::Event Engine::broken(Slot& slot) {
    auto const& reason = slot.connection.reason();
    if (slot.connecting) {
        if (!running_) throw std::runtime_error(reason);
        ++lost_;
        if (slot.busy) {
            finish(slot, now(), false, reason);
        } else {
            tally_.failed(reason);
        }
        return Event::nothing;
    }
    if (!running_) throw std::runtime_error(reason);
    if (slot.busy) {
        finish(slot, now(), false, reason);
    } else {
        std::erase(idle_, &slot);
    }
    return reopen(slot);
}

Connection::Event Engine::reopen(Slot& slot) {
    ++reconnects_;
    slot.connecting = true;
    return slot.connection.open();
}

Connection::Event Engine::start_next(Slot& slot, Nanos now) {
    if (auto const meant = schedule_.take(now)) return begin(slot, *meant, now);
    if (schedule_.open_loop()) idle_.push_back(&slot);
    return Event::nothing;
}

Connection::Event Engine::begin(Slot& slot, Nanos meant, Nanos now) {
    slot.busy = true;
    slot.meant = meant;
    slot.operation.clear();
    slot.connection.request().clear();
    workload_.begin(slot.operation, slot.connection.request());
    ++outstanding_;
    if (now - meant > millisecond && schedule_.counts(meant)) tally_.late();
    return slot.connection.send();
}

void Engine::finish(Slot& slot, Nanos now, bool succeeded, std::string_view reason) {
    slot.busy = false;
    slot.last = now;
    --outstanding_;
    if (!schedule_.counts(slot.meant)) return;
    last_answer_ = now;
    if (succeeded) {
        tally_.succeeded(slot.operation.kind, now - slot.meant, slot.operation.bytes);
    } else {
        tally_.failed(reason);
    }
}

void Engine::release_arrivals(Nanos now) {
    while (!idle_.empty()) {
        auto const meant = schedule_.take(now);
        if (!meant) return;
        auto& slot = *idle_.front();
        idle_.pop_front();
        drive(slot, begin(slot, *meant, now));
    }
}

Nanos Engine::patience(Nanos now) const {
    auto until = now + second;
    if (schedule_.open_loop() && !idle_.empty()) {
        auto const left = schedule_.next_arrival() - now;
        if (left < wake_up) return 0;
        until = std::min(until, schedule_.next_arrival() - wake_up);
    }
    if (now < schedule_.measured_from()) until = std::min(until, schedule_.measured_from());
    if (now < schedule_.end()) until = std::min(until, schedule_.end());
    return until - now;
}

void Engine::run() {
    auto time = now();
    progress_ = time;
    running_ = true;
    schedule_ = Schedule(options_, time, seed_);
    bool warm = options_.warmup <= 0;
    auto cpu = cpu_time();
    for (auto const& slot : slots_) drive(*slot, start_next(*slot, time));
    for (time = now(); !over(time); time = now()) {
        if (!warm && schedule_.counts(time)) {
            warm = true;
            cpu = cpu_time();
            for (auto const& slot : slots_) slot->before = received(*slot);
        }
        release_arrivals(time);
        dispatch(patience(time));
    }
    cpu_seconds_ = load::seconds(cpu_time() - cpu);
    auto last = last_answer_;
    if (schedule_.end() != Schedule::never) last = streams_ ? time : std::max(last, schedule_.end());
    seconds_ = load::seconds(last - schedule_.measured_from());
    if (streams_) measure_streams(time);
}

bool Engine::over(Nanos now) {
    if (outstanding_ == 0 && schedule_.exhausted(now)) return true;
    // A stream of gigabytes is not waited for: its bytes count up to here.
    if (streams_ && now >= schedule_.end()) return true;
    if (now - progress_ > longest_silence || lost_ == slots_.size()) {
        give_up("the server stopped answering");
        return true;
    }
    if (schedule_.open_loop() && now - longest_backlog > schedule_.end()) {
        give_up("more requests arrive than the server answers");
        return true;
    }
    return false;
}

void Engine::give_up(std::string_view reason) {
    gave_up_ = true;
    std::uint64_t unanswered = 0;
    for (auto const& slot : slots_) unanswered += slot->busy && schedule_.counts(slot->meant) ? 1 : 0;
    if (schedule_.open_loop()) {
        while (auto const meant = schedule_.take(Schedule::never - 1)) {
            unanswered += schedule_.counts(*meant) ? 1 : 0;
        }
    }
    tally_.failed(reason, std::max<std::uint64_t>(unanswered, 1));
}

std::uint64_t Engine::received(Slot const& slot) {
    return slot.received + (slot.busy ? slot.connection.answer().body_bytes : 0);
}

void Engine::measure_streams(Nanos time) {
    std::uint64_t all = 0;
    for (auto const& slot : slots_) {
        auto const bytes = received(*slot) - slot->before;
        auto const last = slot->busy || slot->last == 0 ? time : slot->last;
        all += bytes;
        tally_.stream(static_cast<double>(bytes) / load::seconds(last - schedule_.measured_from()));
    }
    tally_.bytes_instead(all);
}

std::uint64_t Engine::hold() {
    std::puts("ready");
    std::fflush(stdout);
    std::uint64_t closed = 0;
    for (;;) {
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (::poll(&input, 1, 100) > 0 && ::read(STDIN_FILENO, buffer_.data(), buffer_.size()) <= 0)
            return closed;
        for (auto const& event : poller_.wait(0)) {
            auto& slot = *static_cast<Slot*>(event.data.ptr);
            if (slot.connection.ready(buffer_) == Event::broken) ++closed;
        }
    }
}

}  // namespace ocilot::load
