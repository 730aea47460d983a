#include "meta/commit_signal.h"

#include <utility>

namespace ocilot::meta {

CommitSignal::Subscription::Subscription(CommitSignal& signal, std::function<void()> call) : signal_(signal) {
    std::lock_guard const lock(signal_.mutex_);
    number_ = signal_.next_++;
    signal_.calls_.emplace(number_, std::move(call));
    signal_.count_.store(signal_.calls_.size());
}

CommitSignal::Subscription::~Subscription() {
    std::lock_guard const lock(signal_.mutex_);
    signal_.calls_.erase(number_);
    signal_.count_.store(signal_.calls_.size());
}

void CommitSignal::notify() {
    if (count_.load(std::memory_order_acquire) == 0) return;
    std::lock_guard const lock(mutex_);
    for (auto const& [number, call] : calls_) call();
}

}  // namespace ocilot::meta
