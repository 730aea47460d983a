#pragma once

#include "meta/keys.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Signing keys in SQLite.
class SqliteKeys final : public Keys {
  public:
    SqliteKeys(SqliteReaders& readers, SqliteWriter& writer) noexcept : readers_(readers), writer_(writer) {}

    Task<Result<std::vector<KeyFact>>> keys() override;
    Task<Result<>> add(KeyFact key, Time keep_from, Actor by) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
