#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/suspend.h"
#include "meta/commit_signal.h"
#include "meta/sqlite/db.h"
#include "meta/versions.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace ocilot::meta {

/// The one connection that writes and the thread it lives on. Writes that wait together are committed
/// together, with one fsync; each still stands or falls alone. It alone checkpoints the write-ahead log.
class SqliteWriter {
  public:
    static constexpr std::size_t default_queue = 16'384;

    /// At most `most_queued` writes wait; one more is refused with unavailable, which says when to come back.
    SqliteWriter(SqliteDb db, Log const& log, Metrics& metrics, std::size_t max_queued = default_queue);
    /// Commits what is queued, then empties the write-ahead log.
    ~SqliteWriter();
    SqliteWriter(SqliteWriter const&) = delete;
    SqliteWriter& operator=(SqliteWriter const&) = delete;

    /// Runs `work(SqliteDb&)`, which returns a Result, inside a transaction; resumes when it is durable.
    /// Work that answers an error changes nothing; it may be run twice, the first time in vain. no_space,
    /// unavailable or io if the commit fails.
    template <class Work, class R = std::invoke_result_t<Work&, SqliteDb&>>
    Task<R> run(Work work) {
        return run(ChangeScope::everything(), std::move(work));
    }
    /// The same for work that changes no more than `scope`.
    template <class Work, class R = std::invoke_result_t<Work&, SqliteDb&>>
    Task<R> run(ChangeScope scope, Work work) {
        return suspend<R>([this, scope, w = std::move(work)](Resume<R> resume) mutable {
            submit(std::make_unique<Call<Work, R>>(scope, std::move(w), std::move(resume)));
        });
    }

    /// What readers ask whether a fact still holds.
    [[nodiscard]] Versions const& versions() const noexcept { return versions_; }
    /// Notified after each commit, once those who waited for it were answered.
    [[nodiscard]] CommitSignal& committed() noexcept { return committed_; }

  private:
    struct Job {
        explicit Job(ChangeScope changes) noexcept : scope(changes) {}
        Job(Job const&) = delete;
        Job& operator=(Job const&) = delete;
        virtual ~Job() = default;
        /// Does the work; its failure, or null.
        virtual Error const* apply(SqliteDb& db) = 0;
        /// Hands the answer to whoever waits, or the reason why it was not committed.
        virtual void finish(Result<> const& committed) = 0;
        ChangeScope scope;
    };
    template <class Work, class R>
    struct Call final : Job {
        Call(ChangeScope s, Work w, Resume<R> r) : Job(s), work(std::move(w)), resume(std::move(r)) {}
        Error const* apply(SqliteDb& db) override {
            answer.emplace(guarded(db));
            return answer->has_error() ? &(failure = answer->error()) : nullptr;
        }
        void finish(Result<> const& committed) override {
            resume(committed.has_error() ? R(committed.error()) : std::move(*answer));
        }
        R guarded(SqliteDb& db) {
            try {
                return work(db);
            } catch (std::exception const& problem) {
                return Error{Errc::internal, problem.what()};
            }
        }
        Work work;
        Resume<R> resume;
        std::optional<R> answer;
        Error failure;
    };
    using Batch = std::vector<std::unique_ptr<Job>>;

    void submit(std::unique_ptr<Job> job);
    /// Why no more is queued. Under the lock.
    [[nodiscard]] Error full();
    void serve();
    void process(Batch batch);
    Result<> commit(Batch const& batch);
    Result<bool> apply_plainly(Batch const& batch);
    Result<> apply_guarded(Job& job);
    void checkpoint();

    SqliteDb db_;
    Versions versions_;
    CommitSignal committed_;
    Log const& log_;
    Counter& commits_;
    Counter& jobs_committed_;
    Histogram& seconds_;
    Gauge& queued_;
    Counter& refused_;
    std::size_t const max_queued_;
    std::chrono::microseconds per_write_{0};  // Moving average.
    std::int64_t pages_since_checkpoint_ = 0;
    std::mutex mutex_;
    std::condition_variable wake_;
    Batch queue_;
    bool closing_ = false;
    std::thread thread_;
};

}  // namespace ocilot::meta
