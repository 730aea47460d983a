#include "base/blocking_pool.h"

#include "base/signals_blocked.h"
#include "base/turns.h"

#include <algorithm>
#include <string>
#include <system_error>

namespace ocilot {

BlockingPool::BlockingPool(unsigned threads) : max_(std::max(threads, 1U)) {
    std::lock_guard const lock(mutex_);
    grow();
}

BlockingPool::BlockingPool(unsigned threads, Metrics& metrics, std::string_view name)
    : BlockingPool(threads) {
    MetricLabels const labels{{"pool", std::string(name)}};
    std::lock_guard const lock(mutex_);
    queued_ = &metrics.gauge("ocilot_pool_queue", "Blocking calls waiting for a thread.", labels);
    busy_ = &metrics.gauge("ocilot_pool_busy", "Blocking calls in progress.", labels);
    metrics.gauge("ocilot_pool_threads", "Maximum threads for blocking calls.", labels).set(max_);
}

BlockingPool::~BlockingPool() {
    {
        std::lock_guard const lock(mutex_);
        closing_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void BlockingPool::grow() {
    if (threads_.size() >= max_ || idle_ > jobs_.size()) return;
    SignalsBlocked const blocked;
    try {
        threads_.emplace_back([this] { serve(); });
        ++idle_;
    } catch (std::system_error const&) {
        // The system gives no more threads: those that are there do the work, later.
        if (threads_.empty()) throw;
    }
}

void BlockingPool::post(std::unique_ptr<Job> job) {
    {
        std::lock_guard const lock(mutex_);
        grow();
        jobs_.push_back(std::move(job));
        if (queued_ != nullptr) queued_->add(1);
    }
    wake_.notify_one();
}

void BlockingPool::serve() {
    take_turns(Turns::usual);  // An I/O thread may have started this one.
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
        --idle_;
        if (jobs_.empty()) return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        if (queued_ != nullptr) queued_->add(-1);
        if (busy_ != nullptr) busy_->add(1);
        lock.unlock();
        (*job)();
        job.reset();
        lock.lock();
        ++idle_;
        if (busy_ != nullptr) busy_->add(-1);
    }
}

}  // namespace ocilot
