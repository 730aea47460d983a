#pragma once

#include "meta/job_places.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// Places of jobs, in SQLite.
class SqliteJobPlaces final : public JobPlaces {
  public:
    SqliteJobPlaces(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<std::optional<JobPlace>>> place(std::string job) override;
    Task<Result<>> save(JobPlace place) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
