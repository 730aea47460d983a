#include "base/blocking_pool.h"

namespace ocilot {

BlockingPool::BlockingPool(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

BlockingPool::~BlockingPool() {
    {
        std::lock_guard const lock(mutex_);
        closing_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void BlockingPool::post(std::unique_ptr<Job> job) {
    {
        std::lock_guard const lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
}

void BlockingPool::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        (*job)();
        job.reset();
        lock.lock();
    }
}

}  // namespace ocilot
