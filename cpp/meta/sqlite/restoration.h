#pragma once

#include "meta/restoration.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Restoring in SQLite.
class SqliteRestoration final : public Restoration {
  public:
    SqliteRestoration(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<std::vector<HistoryEntry>>> history(oci::RepositoryName const& repository,
                                                    oci::Tag const& tag, std::optional<std::int64_t> before,
                                                    std::size_t limit) override;
    Task<Result<Restored>> restore(RestoreRequest request, Actor by, Time now) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
