#pragma once

#include "base/metrics.h"
#include "base/result.h"
#include "base/suspend.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
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
            post(std::make_unique<Call<Work, R, Resume<R>>>(std::move(w), std::move(resume)));
        });
    }
    /// Runs all of them, side by side where threads are free, and answers their results in the same order.
    template <class Work, class R = std::invoke_result_t<Work&>>
    Task<std::vector<R>> run_all(std::vector<Work> works) {
        using All = std::vector<R>;
        return suspend<All>([this, all = std::move(works)](Resume<All> resume) mutable {
            if (all.empty()) return resume({});
            auto const answers = std::make_shared<Answers<R>>(all.size(), std::move(resume));
            for (std::size_t i = 0; i < all.size(); ++i) {
                auto done = [answers, i](R answer) { answers->set(i, std::move(answer)); };
                post(std::make_unique<Call<Work, R, decltype(done)>>(std::move(all[i]), std::move(done)));
            }
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
    template <class Work, class R, class Done>
    struct Call final : Job {
        Call(Work w, Done d) : work(std::move(w)), done(std::move(d)) {}
        void operator()() override { done(guarded()); }
        R guarded() {
            try {
                return work();
            } catch (std::exception const& problem) {
                return Error{Errc::internal, problem.what()};
            }
        }
        Work work;
        Done done;
    };
    /// What several calls answer; the last one resumes.
    template <class R>
    class Answers {
      public:
        Answers(std::size_t count, Resume<std::vector<R>> resume)
            : left_(count), answers_(count), resume_(std::move(resume)) {}
        void set(std::size_t index, R answer) {
            answers_[index].emplace(std::move(answer));
            if (left_.fetch_sub(1) > 1) return;
            std::vector<R> all;
            all.reserve(answers_.size());
            for (auto& each : answers_) all.push_back(std::move(*each));
            resume_(std::move(all));
        }

      private:
        std::atomic<std::size_t> left_;
        std::vector<std::optional<R>> answers_;
        Resume<std::vector<R>> resume_;
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
