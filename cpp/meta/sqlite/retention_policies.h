#pragma once

#include "meta/retention_policies.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Policies of retention that clients have set, in SQLite.
class SqliteRetentionPolicies final : public RetentionPolicies {
  public:
    SqliteRetentionPolicies(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<std::vector<StoredPolicy>>> policies() override;
    Task<Result<bool>> set(StoredPolicy policy, std::size_t most, Change change) override;
    Task<Result<>> remove(std::string name, Change change) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
