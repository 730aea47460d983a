#pragma once

#include "meta/consumers.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Readers of the journal, in SQLite. Reads run on the calling thread.
class SqliteConsumers final : public Consumers {
  public:
    SqliteConsumers(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<Consumer>> join(std::string name) override;
    Task<Result<std::vector<Consumer>>> list() override;
    Task<Result<>> remove(std::string name) override;
    Task<Result<>> advance(ConsumerStep step) override;
    Task<Result<HeldPage>> waiting(std::string name, std::int64_t after, std::size_t limit) override;
    Task<Result<HeldPage>> parked(std::string name, std::int64_t after, std::size_t limit) override;
    Task<Result<std::size_t>> replay(std::string name, std::optional<std::int64_t> id, Time now) override;
    Task<Result<std::size_t>> discard(std::string name, std::optional<std::int64_t> id) override;
    Task<Result<std::size_t>> expire(Time time, std::size_t limit) override;
    Task<Result<std::optional<std::int64_t>>> slowest() override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
