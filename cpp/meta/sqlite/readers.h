#pragma once

#include "base/result.h"
#include "meta/sqlite/db.h"

#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ocilot::meta {

/// Read-only connections, as many as there are threads that read at once. They never write and never
/// checkpoint: SQLite before 3.51.3 can damage a database when two connections do so in the same instant.
/// Thread-safe.
class SqliteReaders {
  public:
    explicit SqliteReaders(std::string path, SqliteDb::Mode mode = SqliteDb::Mode::read_only)
        : path_(std::move(path)), mode_(mode) {}

    /// Calls `work` with a connection, on the calling thread, and answers its Result.
    template <class Work, class R = std::invoke_result_t<Work&, SqliteDb&>>
    R read(Work work) {
        TRY(auto lease, this->acquire());
        return work(lease.db());
    }

  private:
    /// Gives its connection back at the end of its life.
    class PooledConnection {
      public:
        PooledConnection(SqliteReaders& readers, std::unique_ptr<SqliteDb> db) noexcept
            : readers_(&readers), db_(std::move(db)) {}
        PooledConnection(PooledConnection&&) noexcept = default;
        PooledConnection& operator=(PooledConnection&&) = delete;
        ~PooledConnection() {
            if (db_) readers_->give_back(std::move(db_));
        }
        [[nodiscard]] SqliteDb& db() const noexcept { return *db_; }

      private:
        SqliteReaders* readers_;
        std::unique_ptr<SqliteDb> db_;
    };

    Result<PooledConnection> acquire();
    void give_back(std::unique_ptr<SqliteDb> db);

    std::string path_;
    SqliteDb::Mode mode_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<SqliteDb>> idle_;  // The last one back goes first: its cache is warm.
};

}  // namespace ocilot::meta
