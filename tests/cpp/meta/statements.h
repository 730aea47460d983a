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

  private:
    using Entry = void (*)();
    static Entry entry() { return reinterpret_cast<Entry>(&watch); }
    static int watch(sqlite3* db, char const**, void const*) {
        return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, &record, nullptr);
    }
    static int record(unsigned, void*, void* statement, void*) {
        std::lock_guard const lock(mutex);
        texts.emplace(sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
        return 0;
    }
    static inline std::mutex mutex;
    static inline std::set<std::string> texts;
};

}  // namespace ocilot::test
