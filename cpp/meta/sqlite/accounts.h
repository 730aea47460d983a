#pragma once

#include "meta/accounts.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Accounts in SQLite. Reads run on the calling thread (microseconds), writes on the writer's.
class SqliteAccounts final : public Accounts {
  public:
    SqliteAccounts(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    [[nodiscard]] std::uint64_t version() const noexcept override { return writer_.versions().of_accounts(); }

    Task<Result<Slice<AccountFact>>> accounts(Page page) override;
    Task<Result<AccountFact>> account(std::string const& name) override;
    Task<Result<>> add(AccountFact account, Actor by) override;
    Task<Result<AccountFact>> change(std::string name, AccountChange change, Actor by, Time now) override;
    Task<Result<>> remove(std::string const& name, Actor by, Time now) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
