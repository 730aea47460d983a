#include "meta/sqlite/writer.h"

#include "base/counted.h"
#include "base/memory_budget.h"

#include <chrono>
#include <fmt/format.h>

namespace ocilot::meta {

namespace {

constexpr std::int64_t pages_worth_a_checkpoint = 1000;
/// A checkpoint holds writes up, and pages changed often are moved only once by a late one. About 60 MB of
/// log: below journal_size_limit, so that the file is used again as it is.
constexpr std::int64_t pages_that_cannot_wait = 15'000;
constexpr std::chrono::milliseconds quiet{100};

}  // namespace

SqliteWriter::SqliteWriter(SqliteDb db, Log const& log, Metrics& metrics, std::size_t max_queued)
    : db_(std::move(db)),
      log_(log),
      commits_(
          metrics.counter("ocilot_meta_commits_total", "Transactions committed to the metadata database.")),
      jobs_committed_(metrics.counter("ocilot_meta_commit_jobs_total",
                                      "Writes in those transactions; several share one commit.")),
      seconds_(metrics.histogram("ocilot_meta_commit_seconds",
                                 "Time of a transaction on the metadata database, from begin to durable.",
                                 duration_buckets())),
      queued_(metrics.gauge("ocilot_meta_queue", "Writes waiting for the metadata database.")),
      refused_(metrics.counter("ocilot_meta_refused_total",
                               "Writes rejected because too many were waiting for the metadata database.")),
      max_queued_(max_queued),
      thread_([this] { serve(); }) {}

SqliteWriter::~SqliteWriter() {
    {
        std::lock_guard const lock(mutex_);
        closing_ = true;
    }
    wake_.notify_one();
    thread_.join();
    if (auto const done = db_.checkpoint(SqliteDb::Checkpoint::truncate); done.has_error()) {
        log_.warn("write-ahead log kept until the next start",
                  {{"error", std::string_view(done.error().message)}});
    }
}

void SqliteWriter::submit(std::unique_ptr<Job> job) {
    std::unique_lock lock(mutex_);
    if (queue_.size() >= max_queued_) {
        auto const why = full();
        lock.unlock();
        return job->finish(why);
    }
    queue_.push_back(std::move(job));
    queued_.add(1);
    lock.unlock();
    wake_.notify_one();
}

Error SqliteWriter::full() {
    refused_.add();
    auto const wait = per_write_ * static_cast<std::int64_t>(queue_.size());
    return {.code = Errc::unavailable,
            .message = fmt::format("{} waiting for the metadata database; retry in a few seconds",
                                   counted(queue_.size(), "write is", "writes are")),
            .retry_after = retry_seconds(std::chrono::ceil<std::chrono::milliseconds>(wait))};
}

void SqliteWriter::serve() {
    std::unique_lock lock(mutex_);
    auto const wanted = [this] { return closing_ || !queue_.empty(); };
    for (;;) {
        bool const worth_it = pages_since_checkpoint_ >= pages_worth_a_checkpoint;
        bool const now = pages_since_checkpoint_ >= pages_that_cannot_wait;
        if (now || (worth_it && !wake_.wait_for(lock, quiet, wanted))) {
            lock.unlock();
            checkpoint();
            lock.lock();
            continue;
        }
        wake_.wait(lock, wanted);
        if (queue_.empty()) return;
        auto batch = std::exchange(queue_, {});
        auto const writes = static_cast<std::int64_t>(batch.size());
        queued_.add(-writes);
        lock.unlock();
        auto const begin = std::chrono::steady_clock::now();
        process(std::move(batch));
        auto const took = std::chrono::steady_clock::now() - begin;
        lock.lock();
        auto const each = std::chrono::duration_cast<std::chrono::microseconds>(took) / writes;
        per_write_ += (each - per_write_) / 8;
    }
}

void SqliteWriter::process(Batch batch) {
    auto const begin = std::chrono::steady_clock::now();
    auto const committed = commit(batch);
    if (committed.has_error()) {
        // SQLite may have rolled back by itself; a rollback that fails leaves the next BEGIN to say so.
        if (db_.in_transaction()) static_cast<void>(db_.change("ROLLBACK"));
        log_.error("metadata not committed", {{"error", std::string_view(committed.error().message)},
                                              {"writes", std::uint64_t{batch.size()}}});
    } else {
        seconds_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        commits_.add();
        jobs_committed_.add(batch.size());
    }
    pages_since_checkpoint_ += db_.take_pages_written();
    for (auto const& job : batch) versions_.changed(job->scope);
    for (auto const& job : batch) job->finish(committed);
    committed_.notify();
}

Result<> SqliteWriter::commit(Batch const& batch) {
    CHECK(db_.change("BEGIN IMMEDIATE"));
    TRY(bool const all_or_nothing, apply_plainly(batch));
    if (!all_or_nothing) {
        CHECK(db_.change("ROLLBACK"));
        CHECK(db_.change("BEGIN IMMEDIATE"));
        for (auto const& job : batch) {
            CHECK(apply_guarded(*job));
        }
    }
    CHECK(db_.change("COMMIT"));
    return {};
}

/// Without a savepoint for each job, which would copy every page that it touches: jobs that fail do so before
/// they change anything. False if one did not, so that the batch has to be done again. As below, fails only
/// if the transaction cannot go on.
Result<bool> SqliteWriter::apply_plainly(Batch const& batch) {
    for (auto const& job : batch) {
        auto const before = db_.rows_changed();
        auto const* const failure = job->apply(db_);
        if (failure == nullptr) continue;
        // On a full disk or an I/O error SQLite may give up the whole transaction, neighbours included.
        if (!db_.in_transaction()) return *failure;
        if (db_.rows_changed() != before) return false;
    }
    return true;
}

/// A job's own failure is undone and kept for its answer.
Result<> SqliteWriter::apply_guarded(Job& job) {
    CHECK(db_.change("SAVEPOINT job"));
    auto const* const failure = job.apply(db_);
    if (failure != nullptr) {
        if (!db_.in_transaction()) return *failure;
        CHECK(db_.change("ROLLBACK TO job"));
    }
    CHECK(db_.change("RELEASE job"));
    return {};
}

void SqliteWriter::checkpoint() {
    pages_since_checkpoint_ = 0;
    if (auto const done = db_.checkpoint(SqliteDb::Checkpoint::passive); done.has_error()) {
        log_.warn("checkpoint failed", {{"error", std::string_view(done.error().message)}});
    }
}

}  // namespace ocilot::meta
