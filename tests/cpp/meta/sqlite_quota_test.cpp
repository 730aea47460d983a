// Q3: no row that every push locks. Counted, not timed: which rows pushes write, and how many steps SQLite
// takes.
#include "meta/make_facts.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/temporary_directory.h"
#include "run.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <sqlite3.h>

using namespace ocilot;
using namespace ocilot::test;

namespace {

/// What was written, and with how many steps of statements.
struct WriteCounts {
    std::map<std::string, std::uint64_t> rows;  ///< writes of each, by table and id
    std::uint64_t steps = 0;
    [[nodiscard]] std::uint64_t all() const {
        std::uint64_t sum = 0;
        for (auto const& [row, count] : rows) sum += count;
        return sum;
    }
    /// Of the row that most of them wrote.
    [[nodiscard]] std::uint64_t most() const {
        std::uint64_t found = 0;
        for (auto const& [row, count] : rows) found = std::max(found, count);
        return found;
    }
};

/// What connections that are opened meanwhile write.
class RowWrites {
  public:
    RowWrites() {
        sqlite3_auto_extension(entry());
        take();
    }
    ~RowWrites() { sqlite3_cancel_auto_extension(entry()); }
    RowWrites(RowWrites const&) = delete;
    RowWrites& operator=(RowWrites const&) = delete;

    /// Since the last time.
    WriteCounts take() {
        std::lock_guard const lock(mutex);
        return std::exchange(counts, {});
    }

  private:
    using Entry = void (*)();
    static Entry entry() { return reinterpret_cast<Entry>(&watch); }
    static int watch(sqlite3* db, char const**, void const*) {
        sqlite3_update_hook(db, &wrote, nullptr);
        return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, &ended, nullptr);
    }
    static void wrote(void*, int, char const*, char const* table, sqlite3_int64 id) {
        std::lock_guard const lock(mutex);
        ++counts.rows[std::string(table) + " " + std::to_string(id)];
    }
    static int ended(unsigned, void*, void* statement, void*) {
        std::lock_guard const lock(mutex);
        auto const steps =
            sqlite3_stmt_status(static_cast<sqlite3_stmt*>(statement), SQLITE_STMTSTATUS_VM_STEP, 1);
        counts.steps += static_cast<std::uint64_t>(steps);
        return 0;
    }
    static inline std::mutex mutex;
    static inline WriteCounts counts;
};

/// Pushes of blobs of all sizes into one repository.
void push_blobs(meta::MetaStore& store, std::uint64_t from, std::uint64_t to,
                meta::PushLimits const& limits) {
    for (auto number = from; number < to; ++number) {
        meta::BlobFact const blob{digest(std::to_string(number)), 1000 + number};
        auto const linked = run(store.links().link_blob(repo("app"), blob, {}, bob, at(1), limits));
        ASSERT_TRUE(linked.has_value());
    }
}

}  // namespace

TEST(SqliteQuota, NoRowIsWrittenByEveryPush) {
    constexpr std::uint64_t pushes = 1000;
    meta::PushLimits const unlimited;
    meta::PushLimits const limited{{1'000'000'000, 1'000'000}};
    std::map<bool, std::uint64_t> written;
    for (auto const& limits : {unlimited, limited}) {
        auto const directory = meta::TemporaryDirectory::make().value();
        Observers observers;
        RowWrites writes;
        auto const path = (directory.path() / "meta.db").string();
        auto const store = meta::SqliteStore::open(path, observers.log, observers.metrics).value();
        push_blobs(*store, 0, 100, limits);
        writes.take();
        push_blobs(*store, 100, 200, limits);
        auto const early = writes.take();
        push_blobs(*store, 200, pushes - 100, limits);
        writes.take();
        push_blobs(*store, pushes - 100, pushes, limits);
        auto const late = writes.take();
        EXPECT_GE(early.all(), 100U) << "the count works";
        EXPECT_LE(early.most(), 100U / 10) << "one row of usage has a sixteenth of the pushes";
        EXPECT_LE(late.most(), 100U / 10);
        EXPECT_EQ(late.all(), early.all());
        EXPECT_LE(late.steps, early.steps + early.steps / 20) << "a push costs the same whatever is there";
        written[limits.repository.bytes.has_value()] = late.all();
    }
    EXPECT_EQ(written[true], written[false]) << "a quota writes nothing";
}
