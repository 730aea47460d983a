#pragma once

#include <mutex>
#include <set>
#include <sqlite3.h>
#include <string>

namespace ocilot::test {

/// Every statement that any connection of this process runs while one lives.
class Statements {
  public:
    Statements() { sqlite3_auto_extension(entry()); }
    ~Statements() { sqlite3_cancel_auto_extension(entry()); }
    Statements(Statements const&) = delete;
    Statements& operator=(Statements const&) = delete;

    [[nodiscard]] std::set<std::string> seen() const {
        std::lock_guard const lock(mutex);
        return texts;
    }

    /// Those that SQLite prepared more than once: a parameter was to decide how they are carried out.
    [[nodiscard]] std::set<std::string> seen_prepared_again() const {
        std::lock_guard const lock(mutex);
        return again;
    }

  private:
    using Entry = void (*)();
    static Entry entry() { return reinterpret_cast<Entry>(&watch); }
    static int watch(sqlite3* db, char const**, void const*) {
        return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, &record, nullptr);
    }
    static int record(unsigned, void*, void* traced, void*) {
        auto* const statement = static_cast<sqlite3_stmt*>(traced);
        std::lock_guard const lock(mutex);
        texts.emplace(sqlite3_sql(statement));
        if (sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0) > 0)
            again.emplace(sqlite3_sql(statement));
        return 0;
    }
    static inline std::mutex mutex;
    static inline std::set<std::string> texts;
    static inline std::set<std::string> again;
};

}  // namespace ocilot::test
