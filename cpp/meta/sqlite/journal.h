#pragma once

#include "meta/journal.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Notes an entry in the transaction that makes the change.
Result<> write_entry(SqliteDb& db, JournalEntry const& entry);

/// The journal in SQLite. Reads run on the calling thread: an index has what is asked for in order.
class SqliteJournal final : public Journal {
  public:
    SqliteJournal(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<>> append(std::vector<JournalEntry> entries) override;
    Task<Result<std::vector<JournalEntry>>> entries(JournalQuery query) override;
    Task<Result<std::size_t>> forget_before(Time time, std::size_t limit) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
