#include "jobs/delivery_loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

namespace ocilot::jobs {

namespace {

constexpr std::chrono::seconds delivery_lease{60};
constexpr std::chrono::seconds lease_use{20};  // Then it is acquired again.
constexpr std::chrono::seconds store_interval{1};
constexpr std::chrono::seconds skip_interval{30};  // Where only what nobody wants is passed over.
constexpr std::chrono::seconds poll_interval{10};  // For what other processes write.
constexpr std::chrono::seconds error_pause{5};
constexpr std::size_t window = 500;  // Changes read at once, or fewer large ones.

/// Whether it says nothing about the changes themselves.
bool is_of_no_answer(DeliveryVerdict verdict) noexcept {
    return verdict == DeliveryVerdict::unavailable || verdict == DeliveryVerdict::cancelled;
}

}  // namespace

DeliveryLoop::DeliveryLoop(Executor executor, std::string consumer, Receiver& receiver, DeliveryRules rules,
                           DeliveryParts const& parts)
    : receiver_(receiver),
      rules_(rules),
      parts_(parts),
      health_(consumer, rules, parts),
      metrics_(parts.metrics, consumer),
      timer_(executor) {
    step_.name = std::move(consumer);
}

void DeliveryLoop::stop() {
    stopping_ = true;
    wake();
}

void DeliveryLoop::wake(bool impatient) {
    if (impatient) {
        health_.wake();
        look_ = true;
    }
    woken_ = true;
    timer_.cancel();
}

Task<> DeliveryLoop::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!stopping_) {
        woken_ = false;
        due_ = Ticks::now() + poll_interval;
        auto const done = co_await guarded_turn();
        if (done.has_error()) {
            joined_ = false;  // What is stored is what counts.
            due_ = Ticks::now() + error_pause;
            parts_.log.error("delivery interrupted", {{"consumer", std::string_view(step_.name)},
                                                      {"err", std::string_view(done.error().message)}});
        }
        if (!co_await pause(done.has_error())) break;
    }
    if (!joined_) co_return;
    static_cast<void>(co_await store(true));  // Without it some is delivered again.
}

Task<bool> DeliveryLoop::pause(bool after_error) {
    for (;;) {
        auto const state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) co_return false;
        if (stopping_ || (woken_ && !after_error)) co_return true;
        if (Ticks::now() >= due_) break;
        timer_.expires_at(due_);
        boost::system::error_code ended;
        co_await timer_.async_wait(asio::redirect_error(use_task, ended));
    }
    look_ = true;
    co_return true;
}

/// A door: whatever a turn throws ends the turn.
Task<Result<>> DeliveryLoop::guarded_turn() {
    try {
        co_return co_await turn();
    } catch (std::exception const& problem) {
        co_return Error{Errc::internal, problem.what()};
    }
}

Task<Result<>> DeliveryLoop::turn() {
    CO_TRY(bool const ours, co_await hold_lease());
    if (!ours) {
        joined_ = false;
        co_return Result<>();
    }
    if (!joined_) {
        CO_CHECK(co_await join());
    }
    bool const goes_on = may_go_on();  // Asked once: nothing new is read before what waits was looked at.
    if (goes_on && (waiting_ > 0 || look_)) {
        look_ = false;
        CO_CHECK(co_await retry_waiting());
    }
    if (goes_on && may_go_on()) {
        CO_CHECK(co_await read_on());
    }
    if (health_.rests(parts_.clock.now())) due_at(*health_.state().next_attempt);
    co_return co_await store(changed_ && health_.state().failures > 0);
}

Task<Result<bool>> DeliveryLoop::hold_lease() {
    if (Ticks::now() - leased_at_ < lease_use) co_return true;
    auto const name = "consumer/" + step_.name;
    CO_TRY(auto const lease, co_await parts_.meta.leases().acquire(name, parts_.holder, delivery_lease));
    if (lease) leased_at_ = Ticks::now();
    co_return lease.has_value();
}

Task<Result<>> DeliveryLoop::join() {
    CO_TRY(auto consumer, co_await parts_.meta.consumers().join(step_.name));
    step_ = {.name = std::move(consumer.name), .from = consumer.place, .to = consumer.place};
    health_.restore(std::move(consumer.state));
    waiting_ = consumer.waiting;
    one_by_one_ = 0;
    changed_ = false;
    joined_ = true;
    stored_at_ = Ticks::now();
    co_return Result<>();
}

Task<Result<>> DeliveryLoop::retry_waiting() {
    // Only what is stored is found below, and what is not found would be overtaken.
    if (!step_.hold.empty()) {
        CO_CHECK(co_await store(true));
    }
    blocked_.clear();
    // Another thread may have let some wait that were parked: the store knows, and there may be many.
    waiting_ = 0;
    for (std::int64_t last = 0; !stopping_;) {
        CO_TRY(auto const held, co_await parts_.meta.consumers().waiting(step_.name, last, window));
        waiting_ += held.items.size();
        for (auto const& each : held.items) {
            CO_CHECK(co_await retry_if_due(each));
        }
        if (!held.more) break;
        last = held.items.back().change.id;
    }
    co_return Result<>();
}

Task<Result<>> DeliveryLoop::retry_if_due(meta::HeldChange const& held) {
    auto const& lane = held.change.repository;
    if (blocked_.contains(lane)) co_return Result<>();
    if (held.next_attempt <= parts_.clock.now() && may_go_on()) co_return co_await retry(held);
    due_at(held.next_attempt);
    blocked_.insert(lane);
    co_return Result<>();
}

Task<Result<>> DeliveryLoop::retry(meta::HeldChange const& held) {
    auto const& change = held.change;
    DeliveryAnswer answer;
    if (receiver_.wants(change)) answer = co_await attempt(std::span(&change, 1), held.replay);
    if (answer.verdict == DeliveryVerdict::delivered) {
        step_.release.push_back(change.id);
        --waiting_;
    } else if (is_of_no_answer(answer.verdict)) {
        blocked_.insert(change.repository);
        co_return Result<>();
    } else {
        auto note = note_of(change, held.attempts + 1, answer);
        if (note.parked) --waiting_;
        step_.hold.push_back(std::move(note));
    }
    changed_ = true;
    co_return co_await store(true);
}

Task<Result<>> DeliveryLoop::read_on() {
    while (may_go_on()) {
        CO_TRY(auto page, co_await parts_.meta.journal().after(step_.to, window));
        std::span<meta::Change> rest = page.items;
        while (!rest.empty() && may_go_on()) {
            CO_TRY(auto const taken, co_await take(rest));
            if (taken == 0) break;  // One by one from here, or no room for more that is set aside.
            rest = rest.subspan(taken);
        }
        CO_CHECK(co_await hold_lease());
        CO_CHECK(co_await store(false));
        if (!page.more && rest.empty()) break;
        if (waiting_ >= rules_.max_waiting && !rest.empty()) break;
        co_await asio::post(use_task);  // However far behind it is: others on this thread have their turn.
    }
    co_return Result<>();
}

Task<Result<std::size_t>> DeliveryLoop::take(std::span<meta::Change> changes) {
    auto group = group_of(changes);
    if (group.last == 0) co_return std::size_t{0};
    if (!group.wanted.empty()) {
        auto const answer = co_await attempt(group.wanted, false);
        if (is_of_no_answer(answer.verdict)) co_return std::size_t{0};
        if (answer.verdict != DeliveryVerdict::delivered) {
            if (group.wanted.size() > 1) {
                one_by_one_ = group.last;
                co_return std::size_t{0};
            }
            group.hold.push_back(note_of(group.wanted.front(), 1, answer));
        }
    }
    auto const count = group.count;
    set_aside(std::move(group));
    co_return count;
}

/// Up to a batch of what is wanted; what is not, and what has to wait behind others, is passed on the way.
DeliveryLoop::Group DeliveryLoop::group_of(std::span<meta::Change> changes) const {
    Group group;
    for (auto& change : changes) {
        auto const id = change.id;
        if (receiver_.wants(change)) {
            auto const batch = change.id <= one_by_one_ ? 1 : receiver_.batch();
            if (group.wanted.size() >= batch) break;
            if (waiting_ + group.hold.size() >= rules_.max_waiting) break;
            if (blocked_.contains(change.repository)) {
                group.hold.push_back({.id = change.id, .next_attempt = parts_.clock.now()});
            } else {
                group.wanted.push_back(std::move(change));
            }
        }
        group.last = id;
        ++group.count;
    }
    return group;
}

void DeliveryLoop::set_aside(Group group) {
    step_.to = group.last;
    for (auto& note : group.hold) {
        if (!note.parked) ++waiting_;
        step_.hold.push_back(std::move(note));
        changed_ = true;
    }
}

Task<DeliveryAnswer> DeliveryLoop::attempt(std::span<meta::Change const> changes, bool replay) {
    auto answer = co_await receiver_.deliver(changes, replay);
    // It was the stop that ended it, not the receiver.
    if (stopping_ && answer.verdict == DeliveryVerdict::unavailable) {
        answer.verdict = DeliveryVerdict::cancelled;
    }
    if (answer.verdict == DeliveryVerdict::cancelled) {
        stopping_ = true;
        co_return answer;
    }
    metrics_.note(answer.verdict, changes.size());
    // Which of several is at fault is found out one by one: only then does it count.
    if (answer.verdict == DeliveryVerdict::delivered || answer.verdict == DeliveryVerdict::unavailable ||
        changes.size() == 1) {
        health_.note(answer);
        changed_ = true;
    }
    co_return answer;
}

meta::HeldNote DeliveryLoop::note_of(meta::Change const& change, std::uint64_t attempts,
                                     DeliveryAnswer const& answer) {
    auto const most = answer.verdict == DeliveryVerdict::gone ? 1
                      : answer.verdict == DeliveryVerdict::rejected
                          ? std::min(rules_.rejections, rules_.attempts)
                          : rules_.attempts;
    meta::HeldNote note{.id = change.id, .attempts = attempts, .error = answer.error};
    note.parked = attempts >= most;
    auto const now = parts_.clock.now();
    note.next_attempt = now + delivery_delay(rules_, attempts, parts_.random);
    if (!note.parked) {
        blocked_.insert(change.repository);
        due_at(note.next_attempt);
        return note;
    }
    metrics_.note_parked();
    parts_.log.warn("change parked", {{"consumer", std::string_view(step_.name)},
                                      {"change", std::int64_t{change.id}},
                                      {"repo", std::string_view(change.repository)},
                                      {"attempts", std::uint64_t{attempts}},
                                      {"err", std::string_view(answer.error)}});
    return note;
}

Task<Result<>> DeliveryLoop::store(bool at_once) {
    if (!changed_ && step_.to == step_.from) co_return Result<>();
    auto const interval = changed_ ? store_interval : skip_interval;
    auto const time = stored_at_ + interval;
    if (!at_once && Ticks::now() < time) {
        due_ = std::min(due_, time);
        co_return Result<>();
    }
    step_.state = health_.state();
    step_.now = parts_.clock.now();
    auto step = std::exchange(step_, {.name = step_.name, .from = step_.to, .to = step_.to});
    changed_ = false;
    stored_at_ = Ticks::now();
    co_return co_await parts_.meta.consumers().advance(std::move(step));
}

void DeliveryLoop::due_at(Time time) {
    auto const wait = std::max(time - parts_.clock.now(), Time::duration(0));
    due_ = std::min(due_, Ticks::now() + wait);
}

}  // namespace ocilot::jobs
