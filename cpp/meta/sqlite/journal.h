#pragma once

#include "meta/journal.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Writes a change in the transaction that makes it; of `by` it needs no copy.
Result<> write_change(SqliteDb& db, Change const& change, Actor const& by);
inline Result<> write_change(SqliteDb& db, Change const& change) {
    return write_change(db, change, change.by);
}

/// The change in the first fifteen columns of a row: those of the journal, in its order, with `id` first.
Result<Change> stored_change(SqliteRows const& rows);
/// Bytes of its columns without a fixed size.
[[nodiscard]] std::size_t size_of_change(SqliteRows const& rows);

/// The journal in SQLite. Reads run on the calling thread: an index has what is asked for in order. One
/// thread writes, so ids are in the order of commits.
class SqliteJournal final : public Journal {
  public:
    SqliteJournal(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<>> append(std::vector<Change> changes) override;
    Task<Result<ChangePage>> entries(JournalQuery query) override;
    Task<Result<ChangePage>> after(std::int64_t id, std::size_t limit) override;
    Task<Result<std::vector<std::string>>> repositories_after(std::int64_t id, std::int64_t through) override;
    Task<Result<std::int64_t>> last() override;
    Task<Result<std::size_t>> prune_before(Time time, std::int64_t through, std::size_t limit) override;
    [[nodiscard]] CommitSignal& committed() noexcept override { return writer_.committed(); }

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
