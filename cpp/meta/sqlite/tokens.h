#pragma once

#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"
#include "meta/tokens.h"

namespace ocilot::meta {

/// Tokens in SQLite. Reads run on the calling thread (microseconds), writes on the writer's.
class SqliteTokens final : public Tokens {
  public:
    SqliteTokens(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<Slice<TokenFact>>> tokens(TokenQuery query) override;
    Task<Result<TokenFact>> token(std::string const& id) override;
    Task<Result<>> add(TokenFact token, Actor by) override;
    Task<Result<>> remove(std::string const& id, Actor by, Time now) override;
    Task<Result<>> note_use(std::vector<std::pair<std::string, Time>> used) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
