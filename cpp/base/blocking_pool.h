#pragma once

#include "base/metrics.h"
#include "base/result.h"
#include "base/suspend.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace ocilot {

/// Threads for calls that block (fsync, cold reads, password hashes). A Task awaits `run` and resumes on its
/// own I/O context; the I/O thread is free meanwhile.
class BlockingPool {
  public:
    /// At most `threads`, at least one; they are started when they are needed.
    explicit BlockingPool(unsigned threads);
    /// The same, with its queue and its threads in the metrics (`ocilot_pool_queue`, `ocilot_pool_busy`),
    /// labelled `name`.
    BlockingPool(unsigned threads, Metrics& metrics, std::string_view name);
    /// Runs what is queued, then joins the threads.
    ~BlockingPool();
    BlockingPool(BlockingPool const&) = delete;
    BlockingPool& operator=(BlockingPool const&) = delete;

    /// Runs `work` (a callable returning a Result) on a pool thread and answers its result.
    template <class Work, class R = std::invoke_result_t<Work&>>
    Task<R> run(Work work) {
        return suspend<R>([this, w = std::move(work)](Resume<R> resume) mutable {
            post(std::make_unique<Call<Work, R>>(std::move(w), std::move(resume)));
        });
    }

  private:
    struct Job {
        Job() = default;
        Job(Job const&) = delete;
        Job& operator=(Job const&) = delete;
        virtual ~Job() = default;
        virtual void operator()() = 0;
    };
    template <class Work, class R>
    struct Call final : Job {
        Call(Work w, Resume<R> r) : work(std::move(w)), resume(std::move(r)) {}
        void operator()() override { resume(guarded()); }
        R guarded() {
            try {
                return work();
            } catch (std::exception const& problem) {
                return Error{Errc::internal, problem.what()};
            }
        }
        Work work;
        Resume<R> resume;
    };

    void post(std::unique_ptr<Job> job);
    void serve();
    /// One thread more if all are busy and there may be one. Under the lock.
    void grow();

    unsigned const max_;
    Gauge* queued_ = nullptr;
    Gauge* busy_ = nullptr;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<Job>> jobs_;
    std::size_t idle_ = 0;  // Threads that wait for a job.
    bool closing_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace ocilot
