#include "meta/make_facts.h"
#include "meta/raw_db.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/schema.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/temporary_directory.h"
#include "meta/sqlite/writer.h"
#include "run.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>
#include <gmock/gmock.h>
#include <latch>
#include <stdexcept>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

Task<> note(Task<Result<>> task, std::vector<Result<>>& answers) {
    answers.push_back(co_await std::move(task));
}

class SqliteWriterTest : public ::testing::Test {
  protected:
    /// A connection to a database with one table `fact (name)`.
    meta::SqliteDb database() {
        auto db = meta::SqliteDb::open(path, meta::SqliteDb::Mode::read_write).value();
        EXPECT_TRUE(meta::prepare_schema(db, path, observers.log).has_value());
        EXPECT_TRUE(db.execute("CREATE TABLE fact (name TEXT PRIMARY KEY) STRICT").has_value());
        return db;
    }
    static auto insert(std::string name) {
        return [n = std::move(name)](meta::SqliteDb& db) -> Result<> {
            CHECK(db.change("INSERT INTO fact (name) VALUES (?1)", {n}));
            return {};
        };
    }
    /// Queues all tasks while another program holds the database, so that the writer finds them together.
    std::vector<Result<>> run_together(std::vector<Task<Result<>>> tasks) {
        asio::io_context context(1);
        std::vector<Result<>> answers;
        RawDb holder(path);
        holder.rows("BEGIN IMMEDIATE");
        for (auto& task : tasks) asio::co_spawn(context, note(std::move(task), answers), asio::detached);
        context.poll();
        holder.rows("ROLLBACK");
        context.run();
        return answers;
    }
    std::vector<std::string> facts() { return RawDb(path).rows("SELECT name FROM fact ORDER BY name"); }

    Observers observers;
    meta::TemporaryDirectory directory = meta::TemporaryDirectory::make().value();
    std::string path = (directory.path() / "meta.db").string();
};

}  // namespace

TEST_F(SqliteWriterTest, WritesThatWaitTogetherShareACommit) {
    meta::SqliteWriter writer(database(), observers.log, observers.metrics);
    std::vector<Task<Result<>>> tasks;
    for (int i = 0; i < 50; ++i) tasks.push_back(writer.run(insert(std::to_string(i))));
    for (auto const& answer : run_together(std::move(tasks))) EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(facts().size(), 50U);
    EXPECT_EQ(observers.jobs(), 50U);
    EXPECT_LE(observers.commits(), 2U)
        << "the first job alone, if the writer took it at once, then all others";
    EXPECT_THAT(observers.metrics.text(), HasSubstr("ocilot_meta_commit_seconds_count"));
}

TEST_F(SqliteWriterTest, RefusesAWriteTooManyAndSaysWhenToComeBack) {
    meta::SqliteWriter writer(database(), observers.log, observers.metrics, 3);
    auto const& refused = observers.metrics.counter("ocilot_meta_refused_total", "");
    std::latch taken(1);
    std::jthread const under_way([&] {
        auto const work = [&](meta::SqliteDb& db) {
            taken.count_down();
            while (refused.value() < 6) std::this_thread::yield();
            return insert("first")(db);
        };
        EXPECT_TRUE(run(writer.run(work)).has_value());
    });
    taken.wait();
    asio::io_context context(1);
    std::vector<Result<>> answers;
    for (int i = 0; i < 9; ++i) {
        asio::co_spawn(context, note(writer.run(insert(std::to_string(i))), answers), asio::detached);
    }
    context.run();
    ASSERT_EQ(answers.size(), 9U);
    EXPECT_EQ(std::ranges::count_if(answers, [](auto const& answer) { return answer.has_value(); }), 3);
    for (auto const& answer : answers) {
        if (answer.has_value()) continue;
        EXPECT_EQ(answer.error().code, Errc::unavailable);
        EXPECT_GE(answer.error().retry_after, 1U);
    }
    EXPECT_THAT(facts(), ElementsAre("0", "1", "2", "first"));
    EXPECT_EQ(refused.value(), 6U);
    EXPECT_EQ(observers.metrics.gauge("ocilot_meta_queue", "").value(), 0);
}

TEST_F(SqliteWriterTest, AFailingJobDoesNotHurtItsNeighbours) {
    meta::SqliteWriter writer(database(), observers.log, observers.metrics);
    std::vector<Task<Result<>>> tasks;
    tasks.push_back(writer.run(insert("first")));
    tasks.push_back(writer.run(insert("before")));
    tasks.push_back(writer.run([](meta::SqliteDb& db) -> Result<> {
        CHECK(db.change("INSERT INTO fact (name) VALUES ('half')"));
        return Error{Errc::conflict, "no"};
    }));
    tasks.push_back(writer.run([](meta::SqliteDb& db) -> Result<> {
        CHECK(db.change("INSERT INTO fact (name) VALUES ('thrown')"));
        throw std::runtime_error("broken");
    }));
    tasks.push_back(writer.run(insert("before")));
    tasks.push_back(writer.run(insert("after")));
    auto const answers = run_together(std::move(tasks));
    ASSERT_EQ(answers.size(), 6U);
    EXPECT_TRUE(answers[1].has_value());
    EXPECT_EQ(answers[2].error().code, Errc::conflict);
    EXPECT_EQ(answers[3].error().message, "broken");
    EXPECT_EQ(answers[4].error().code, Errc::internal) << "a broken constraint";
    EXPECT_TRUE(answers[5].has_value());
    EXPECT_THAT(facts(), ElementsAre("after", "before", "first"));
}

TEST_F(SqliteWriterTest, AJobThatFailsBeforeItChangesAnythingIsNoReasonToRunOthersAgain) {
    meta::SqliteWriter writer(database(), observers.log, observers.metrics);
    std::atomic<int> runs = 0;
    std::vector<Task<Result<>>> tasks;
    for (int i = 0; i < 5; ++i) {
        tasks.push_back(writer.run([&runs, i](meta::SqliteDb& db) -> Result<> {
            ++runs;
            CHECK(db.change("INSERT INTO fact (name) VALUES (?1)", {std::to_string(i)}));
            return {};
        }));
        tasks.push_back(
            writer.run([](meta::SqliteDb&) -> Result<> { return Error{Errc::blob_unknown, "no"}; }));
    }
    run_together(std::move(tasks));
    EXPECT_EQ(runs, 5);
    EXPECT_EQ(facts().size(), 5U);
}

TEST_F(SqliteWriterTest, AFullDiskIsSaidAndTheWriterGoesOn) {
    auto db = database();
    ASSERT_TRUE(
        db.execute("PRAGMA max_page_count = 1").has_value());  // SQLite rounds it up to what is there.
    meta::SqliteWriter writer(std::move(db), observers.log, observers.metrics);
    EXPECT_EQ(run(writer.run(insert(std::string(100'000, 'x')))).error().code, Errc::no_space);
    EXPECT_TRUE(run(writer.run(insert("small"))).has_value());
    EXPECT_THAT(facts(), ElementsAre("small"));
}

TEST_F(SqliteWriterTest, ABatchThatCannotBeCommittedFailsAsAWhole) {
    auto db = database();
    ASSERT_TRUE(db.execute("PRAGMA busy_timeout = 0").has_value());
    meta::SqliteWriter writer(std::move(db), observers.log, observers.metrics);
    {
        RawDb holder(path);
        holder.rows("BEGIN IMMEDIATE");
        auto const failed = run(writer.run(insert("a")));
        EXPECT_EQ(failed.error().code, Errc::unavailable);
        EXPECT_THAT(failed.error().message, HasSubstr("locked"));
        holder.rows("ROLLBACK");
    }
    EXPECT_THAT(observers.sink.text(), HasSubstr("metadata not committed"));
    EXPECT_EQ(observers.commits(), 0U);
    EXPECT_TRUE(run(writer.run(insert("b"))).has_value());
    EXPECT_THAT(facts(), ElementsAre("b"));
}

TEST_F(SqliteWriterTest, ALostTransactionTakesEveryAnswerOfItsBatchAlong) {
    meta::SqliteWriter writer(database(), observers.log, observers.metrics);
    std::vector<Task<Result<>>> tasks;
    tasks.push_back(writer.run(insert("first")));
    tasks.push_back(writer.run(insert("neighbour")));
    tasks.push_back(writer.run([](meta::SqliteDb& db) -> Result<> {
        CHECK(db.change("ROLLBACK"));  // As SQLite does by itself on an I/O error.
        return Error{Errc::io, "lost"};
    }));
    auto const answers = run_together(std::move(tasks));
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[1].error().message, "lost");
    EXPECT_EQ(answers[2].error().message, "lost");
    EXPECT_THAT(facts(), ::testing::Not(::testing::Contains("neighbour")));
}

TEST_F(SqliteWriterTest, OnlyTheWriterMovesTheLogIntoTheDatabase) {
    meta::SqliteWriter writer(database(), observers.log, observers.metrics);
    auto const size = std::filesystem::file_size(path);
    meta::SqliteReaders readers(path);
    auto const count = [](meta::SqliteDb& db) -> Result<std::int64_t> {
        TRY(auto rows, db.query("SELECT count(*) FROM fact"));
        CHECK(rows.next());
        return rows.integer(0);
    };
    ASSERT_TRUE(run(writer.run(insert(std::string(100'000, 'x')))).has_value());
    EXPECT_EQ(readers.read(count).value(), 1);
    EXPECT_EQ(std::filesystem::file_size(path), size);
    ASSERT_TRUE(run(writer.run(insert(std::string(5'000'000, 'y')))).has_value());
    // The checkpoint follows when the writer had nothing to do for a while.
    while (std::filesystem::file_size(path) < 5'000'000) std::this_thread::yield();
    EXPECT_EQ(readers.read(count).value(), 2);
}

TEST_F(SqliteWriterTest, AReaderCannotWrite) {
    meta::SqliteWriter writer(database(), observers.log, observers.metrics);
    meta::SqliteReaders readers(path);
    auto const write = [](meta::SqliteDb& db) { return db.change("DELETE FROM fact"); };
    EXPECT_THAT(readers.read(write).error().message, HasSubstr("readonly"));
}

namespace {

Task<> push_tags(meta::MetaStore& store, int thread, int count, std::atomic<int>& refused) {
    auto const app = repo("app");
    for (int i = 0; i < count; ++i) {
        auto const name = std::to_string(thread) + "-" + std::to_string(i);
        auto manifest = a_manifest(app, name);
        manifest.tags.push_back(tag(name));
        auto const done = co_await store.catalog().put_manifest(std::move(manifest));
        if (done.has_error()) ++refused;
        auto const newest = tag(name);
        auto const found = co_await store.catalog().resolve(app, newest);
        if (found.has_error()) ++refused;
    }
}

}  // namespace

TEST_F(SqliteWriterTest, EightThreadsReadTheirWritesAndAllAreDurable) {
    constexpr int threads = 8;
    constexpr int tasks_each = 8;
    constexpr int pushes = 5;
    std::atomic<int> refused = 0;
    {
        auto const store = meta::SqliteStore::open(path, observers.log, observers.metrics).value();
        RawDb holder(path);
        holder.rows("BEGIN IMMEDIATE");
        std::latch started(threads);
        std::vector<std::thread> running;
        for (int i = 0; i < threads; ++i) {
            running.emplace_back([&, i] {
                asio::io_context context(1);
                for (int j = 0; j < tasks_each; ++j) {
                    asio::co_spawn(context, push_tags(*store, i * tasks_each + j, pushes, refused),
                                   asio::detached);
                }
                context.poll();
                started.count_down();
                context.run();
            });
        }
        started.wait();
        holder.rows("ROLLBACK");
        for (auto& thread : running) thread.join();
    }
    EXPECT_EQ(refused, 0);
    EXPECT_EQ(observers.jobs(), std::uint64_t{threads * tasks_each * pushes});
    EXPECT_LT(observers.commits(), observers.jobs());
    auto const store = meta::SqliteStore::open(path, observers.log, observers.metrics).value();
    auto const tags = run(store->catalog().tags(repo("app"), {{}, 1000})).value();
    EXPECT_EQ(tags.items.size(), std::size_t{threads * tasks_each * pushes});
}
