#pragma once

#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"
#include "meta/uploads.h"

namespace ocilot::meta {

/// Upload sessions in SQLite.
class SqliteUploads final : public Uploads {
  public:
    SqliteUploads(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<>> open(UploadFact upload) override;
    Task<Result<>> open_all(std::vector<UploadFact> uploads) override;
    Task<Result<UploadFact>> find(oci::RepositoryName const& repository, Uuid id) override;
    Task<Result<std::size_t>> count(oci::RepositoryName const& repository) override;
    Task<Result<std::size_t>> count_by(std::string const& caller, std::string const& address) override;
    Task<Result<>> close(Uuid id) override;
    Task<Result<std::vector<UploadFact>>> started_before(Time time, std::size_t limit) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
