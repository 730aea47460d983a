#include "hookbox/mailbox.h"

#include "base/counted.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::hookbox {

namespace {

// A thread that takes as many in a tick keeps up alone, however long the queue is.
constexpr unsigned brisk = 10;
// Ticks without a waiting question after which the ticker sleeps until the next deadline or question.
constexpr unsigned idle_ticks = 50;

double seconds(std::chrono::steady_clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

Error too_late(Topic topic, std::chrono::steady_clock::duration waited) {
    return {Errc::unavailable, fmt::format("no hook answered {} within the deadline of {:g} s",
                                           to_string(topic), seconds(waited))};
}

Error full(Topic topic, std::size_t capacity) {
    return {Errc::unavailable, fmt::format("cannot call {}: {} waiting for hooks; retry in a few seconds",
                                           to_string(topic), counted(capacity, "call is", "calls are"))};
}

Error stopped(Topic topic) {
    return {Errc::unavailable,
            fmt::format("the registry stopped before a hook answered {}", to_string(topic))};
}

}  // namespace

Mailbox::Mailbox(Metrics& metrics, std::size_t capacity)
    : metrics_(metrics), capacity_(capacity), ticker_([this] { run_ticker(); }) {}

Mailbox::~Mailbox() {
    close();
    ticker_.join();
}

Task<Result<Answer>> Mailbox::ask(Topic topic, Case about, Duration deadline, std::string request) {
    Question question{.topic = topic, .about = std::move(about), .request = std::move(request)};
    return suspend<Result<Answer>>(
        [this, deadline, moved = std::move(question)](Resume<Result<Answer>> asker) mutable {
            post(std::move(moved), deadline, std::move(asker));
        });
}

void Mailbox::post(Question question, Duration deadline, Resume<Result<Answer>> asker) {
    auto const topic = question.topic;
    auto& metrics = metrics_.of[index(topic)];
    std::unique_lock held(mutex_);
    if (closed() || deadlines_.size() >= capacity_) {
        bool const is_closed = closed();
        held.unlock();
        (is_closed ? metrics.closed : metrics.refused).add();
        asker(is_closed ? stopped(topic) : full(topic, capacity_));
        return;
    }
    auto const now = std::chrono::steady_clock::now();
    auto const id = ++last_id_;
    question.id = id;
    question.deadline = now + deadline;
    deadlines_.emplace(question.deadline, id);
    waiting_.emplace_hint(waiting_.end(), id, Pending{std::move(question), now, std::move(asker)});
    metrics_.outstanding.add(1);
    bool const wakes = may_wake(held) && (!is_busy_ || now - last_take_ > wake_delay);
    if (wakes) waking_ = true;
    bool const wakes_ticker = !std::exchange(ticking_, true);
    held.unlock();
    if (wakes) takers_.notify_one();
    if (wakes_ticker) ticker_wake_.notify_one();
}

bool Mailbox::may_wake(std::unique_lock<std::mutex> const&) const noexcept {
    return sleeping_ > 0 && !waking_;
}

void Mailbox::taker_returned(std::unique_lock<std::mutex> const&) {
    if (is_busy_ && last_taker_ == std::this_thread::get_id()) is_busy_ = false;
}

std::optional<Question> Mailbox::take_one(std::unique_lock<std::mutex> const&) {
    if (waiting_.empty()) return std::nullopt;
    auto letter = waiting_.extract(waiting_.begin());
    auto question = std::move(letter.mapped().question);
    letter.mapped().question = {
        .id = question.id, .topic = question.topic, .deadline = question.deadline, .about = ControlCase{}};
    taken_.insert(taken_.end(), std::move(letter));
    last_taker_ = std::this_thread::get_id();
    is_busy_ = true;
    last_take_ = std::chrono::steady_clock::now();
    ++takes_since_tick_;
    return question;
}

std::optional<Question> Mailbox::try_take() {
    attended_.store(true, std::memory_order_relaxed);
    std::unique_lock held(mutex_);
    taker_returned(held);
    return take_one(held);
}

std::optional<Question> Mailbox::take(Duration wait) {
    attended_.store(true, std::memory_order_relaxed);
    auto const until = std::chrono::steady_clock::now() + wait;
    std::unique_lock held(mutex_);
    taker_returned(held);
    while (waiting_.empty() && !closed()) {
        ++sleeping_;
        auto const status = takers_.wait_until(held, until);
        --sleeping_;
        waking_ = false;
        if (status == std::cv_status::timeout) break;
    }
    return take_one(held);
}

bool Mailbox::answer(std::uint64_t id, Answer answer) {
    std::unique_lock held(mutex_);
    auto letter = taken_.extract(id);
    if (letter.empty()) {
        held.unlock();
        metrics_.dropped.add();
        return false;
    }
    auto& pending = letter.mapped();
    deadlines_.erase({pending.question.deadline, id});
    held.unlock();
    auto& metrics = metrics_.of[index(pending.question.topic)];
    metrics_.outstanding.add(-1);
    metrics.answered.add();
    metrics.seconds.observe(seconds(std::chrono::steady_clock::now() - pending.asked_at));
    pending.asker(std::move(answer));
    return true;
}

void Mailbox::close() {
    std::unique_lock held(mutex_);
    closed_.store(true, std::memory_order_release);
    auto left = std::exchange(waiting_, {});
    left.merge(taken_);
    deadlines_.clear();
    held.unlock();
    takers_.notify_all();
    ticker_wake_.notify_all();
    for (auto& [id, pending] : left) {
        auto const topic = pending.question.topic;
        metrics_.outstanding.add(-1);
        metrics_.of[index(topic)].closed.add();
        pending.asker(stopped(topic));
    }
}

std::optional<Mailbox::Pending> Mailbox::extract(std::unique_lock<std::mutex> const&, std::uint64_t id) {
    auto letter = taken_.extract(id);
    if (letter.empty()) letter = waiting_.extract(id);
    if (letter.empty()) return std::nullopt;
    deadlines_.erase({letter.mapped().question.deadline, id});
    return std::move(letter.mapped());
}

std::vector<Mailbox::Pending> Mailbox::take_late(std::unique_lock<std::mutex> const& held, TimePoint now) {
    std::vector<Pending> late;
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        late.push_back(std::move(*extract(held, deadlines_.begin()->second)));
    }
    return late;
}

void Mailbox::end(Topic topic) {
    std::vector<Pending> ended;
    {
        std::unique_lock const held(mutex_);
        std::vector<std::uint64_t> ids;
        for (auto const* const questions : {&waiting_, &taken_}) {
            for (auto const& [id, pending] : *questions) {
                if (pending.question.topic == topic) ids.push_back(id);
            }
        }
        for (auto const id : ids) ended.push_back(std::move(*extract(held, id)));
    }
    for (auto& pending : ended) {
        metrics_.outstanding.add(-1);
        metrics_.of[index(topic)].closed.add();
        pending.asker(stopped(topic));
    }
}

void Mailbox::tick(TimePoint now) {
    std::unique_lock held(mutex_);
    auto late = take_late(held, now);
    bool const waits = !waiting_.empty() && now - waiting_.begin()->second.asked_at >= wake_delay;
    bool const wakes = waits && takes_since_tick_ < brisk && may_wake(held);
    if (wakes) waking_ = true;
    takes_since_tick_ = 0;
    held.unlock();
    if (wakes) takers_.notify_one();
    for (auto& pending : late) {
        auto const& question = pending.question;
        metrics_.outstanding.add(-1);
        metrics_.of[index(question.topic)].late.add();
        pending.asker(too_late(question.topic, question.deadline - pending.asked_at));
    }
}

void Mailbox::run_ticker() {
    unsigned idle = 0;
    std::unique_lock held(mutex_);
    while (!closed()) {
        idle = waiting_.empty() ? idle + 1 : 0;
        if (idle < idle_ticks) {
            ticker_wake_.wait_for(held, wake_delay);
        } else {
            idle = 0;
            ticking_ = false;
            if (deadlines_.empty()) {
                ticker_wake_.wait(held);
            } else {
                auto const until = deadlines_.begin()->first;
                ticker_wake_.wait_until(held, until);
            }
            ticking_ = true;
        }
        held.unlock();
        tick(std::chrono::steady_clock::now());
        held.lock();
    }
}

}  // namespace ocilot::hookbox
