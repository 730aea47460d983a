#include "meta/sqlite/readers.h"

namespace ocilot::meta {

namespace {

/// KiB of pages that a connection may keep, negative as SQLite wants it; taken as they are read. Enough for
/// what is asked of some 100 000 blobs.
constexpr auto const* cache = "PRAGMA cache_size = -16384";

}  // namespace

Result<SqliteReaders::PooledConnection> SqliteReaders::acquire() {
    {
        std::lock_guard const lock(mutex_);
        if (!idle_.empty()) {
            auto db = std::move(idle_.back());
            idle_.pop_back();
            return PooledConnection(*this, std::move(db));
        }
    }
    TRY(auto db, SqliteDb::open(path_, mode_));
    CHECK(db.execute(cache));
    return PooledConnection(*this, std::make_unique<SqliteDb>(std::move(db)));
}

void SqliteReaders::give_back(std::unique_ptr<SqliteDb> db) {
    std::lock_guard const lock(mutex_);
    idle_.push_back(std::move(db));
}

}  // namespace ocilot::meta
