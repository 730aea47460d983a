#pragma once

#include "meta/pulls.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Pulls in SQLite. Reads run on the calling thread.
class SqlitePulls final : public Pulls {
  public:
    SqlitePulls(SqliteReaders& readers, SqliteWriter& writer) noexcept : readers_(readers), writer_(writer) {}

    Task<Result<Time>> begin(Time now) override;
    Task<Result<>> begin_again(Time now) override;
    Task<Result<std::optional<Time>>> counted_since() override;
    Task<Result<>> record(std::vector<PullCount> batch, Time now) override;
    Task<Result<std::vector<TagPulls>>> of_tags(oci::RepositoryName const& repository,
                                                std::vector<std::string> tags) override;
    Task<Result<std::vector<PulledTag>>> last_pulled(oci::RepositoryName const& repository,
                                                     std::optional<PulledTag> after,
                                                     std::size_t limit) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
