#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace ocilot::test {

/// The database as any other program sees it.
class RawDb {
  public:
    explicit RawDb(std::string const& path) {
        EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK);
        // As the registry's own readers: the server's writer is the only one that checkpoints.
        sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        sqlite3_wal_autocheckpoint(db_, 0);
    }
    ~RawDb() { sqlite3_close(db_); }
    RawDb(RawDb const&) = delete;
    RawDb& operator=(RawDb const&) = delete;

    /// Every row's columns, joined by "|".
    std::vector<std::string> rows(std::string const& sql) {
        std::vector<std::string> found;
        auto const add = [](void* out, int count, char** values, char**) {
            std::string row;
            for (int i = 0; i < count; ++i) {
                row += (i > 0 ? "|" : "") + std::string(values[i] == nullptr ? "null" : values[i]);
            }
            static_cast<std::vector<std::string>*>(out)->push_back(row);
            return 0;
        };
        EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), add, &found, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
        return found;
    }

  private:
    sqlite3* db_ = nullptr;
};

}  // namespace ocilot::test
