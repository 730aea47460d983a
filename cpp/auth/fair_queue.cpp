#include "auth/fair_queue.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::auth {

namespace {

MetricLabels label(std::string_view name) {
    return {{"queue", std::string(name)}};
}

}  // namespace

FairQueue::FairQueue(FairQueueRules rules, std::string_view name, Clock const& clock, Metrics& metrics)
    : rules_(rules),
      clock_(clock),
      working_now_(
          metrics.gauge("ocilot_auth_queue_working", "Login checks in progress, by resource.", label(name))),
      waiting_now_(
          metrics.gauge("ocilot_auth_queue_waiting", "Login checks waiting in the queue.", label(name))),
      refused_(metrics.counter("ocilot_auth_queue_refused_total",
                               "Login checks rejected because too many of the same client were waiting.",
                               label(name))) {}

Task<Result<FairQueue::Slot>> FairQueue::enter(std::string key) {
    auto const entry = try_enter(key);
    if (entry == Entry::granted) co_return Slot(*this, std::move(key), false);
    if (entry == Entry::refused) co_return refused(key);
    auto line_up = [this, &key](Resume<bool> resume) { wait(key, std::move(resume)); };
    bool const granted = co_await suspend<bool>(std::move(line_up));
    if (!granted) co_return refused(key);
    co_return Slot(*this, std::move(key), true);
}

FairQueue::Entry FairQueue::try_enter(std::string const& key) {
    std::lock_guard const lock(mutex_);
    auto& line = queues_[key];
    // A place that is free while others wait is free only for keys that have all theirs.
    bool const free = working_ < rules_.slots && line.working < rules_.slots_per_key;
    if (free && line.waiting.empty()) {
        ++working_;
        ++line.working;
        working_now_.add(1);
        return Entry::granted;
    }
    return line.waiting.size() < rules_.queue_per_key ? Entry::waits : Entry::refused;
}

void FairQueue::wait(std::string const& key, Resume<bool> resume) {
    Answers answers;
    {
        std::lock_guard const lock(mutex_);
        auto& line = queues_[key];
        line.waiting.push_back({std::move(resume), clock_.now()});
        waiting_now_.add(1);
        if (line.waiting.size() == 1 && line.working < rules_.slots_per_key) round_robin_.push_back(key);
        hand_out(answers);  // A place may have become free meanwhile.
    }
    for (auto& [to, granted] : answers) to(granted);
}

void FairQueue::leave(std::string const& key) {
    Answers answers;
    {
        std::lock_guard const lock(mutex_);
        --working_;
        working_now_.add(-1);
        auto const found = queues_.find(key);
        auto& line = found->second;
        bool const had_all = line.working-- == rules_.slots_per_key;
        if (had_all && !line.waiting.empty()) round_robin_.push_back(key);
        if (line.working == 0 && line.waiting.empty()) queues_.erase(found);
        hand_out(answers);
    }
    for (auto& [to, granted] : answers) to(granted);
}

void FairQueue::hand_out(Answers& answers) {
    while (working_ < rules_.slots && !round_robin_.empty()) {
        auto const key = std::move(round_robin_.front());
        round_robin_.pop_front();
        take_next(key, answers);
    }
}

void FairQueue::take_next(std::string const& key, Answers& answers) {
    auto const found = queues_.find(key);
    auto& line = found->second;
    auto const too_long_ago = clock_.now() - rules_.longest_wait;
    bool granted = false;
    while (!line.waiting.empty() && !granted) {
        auto waiter = std::move(line.waiting.front());
        line.waiting.pop_front();
        waiting_now_.add(-1);
        granted = waiter.since >= too_long_ago;
        answers.emplace_back(std::move(waiter.resume), granted);
    }
    if (granted) {
        ++working_;
        ++line.working;
        working_now_.add(1);
    }
    if (!line.waiting.empty() && line.working < rules_.slots_per_key) round_robin_.push_back(key);
    if (line.working == 0 && line.waiting.empty()) queues_.erase(found);
}

Error FairQueue::refused(std::string const& key) {
    refused_.add();
    std::chrono::seconds slowest{1};  // As long as the first of the line has waited, its next may have to.
    std::lock_guard const lock(mutex_);
    auto const found = queues_.find(key);
    if (found != queues_.end() && !found->second.waiting.empty()) {
        auto const waited = clock_.now() - found->second.waiting.front().since;
        slowest = std::max(slowest, std::chrono::ceil<std::chrono::seconds>(waited));
    }
    return {Errc::too_many_requests,
            fmt::format("too many concurrent logins from this client; retry in {} s", slowest.count()),
            {},
            static_cast<unsigned>(slowest.count())};
}

}  // namespace ocilot::auth
