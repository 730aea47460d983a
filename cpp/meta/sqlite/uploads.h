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
    Task<Result<UploadFact>> find(std::optional<oci::RepositoryName> repository, Uuid id) override;
    Task<Result<UploadFact>> claim(oci::RepositoryName const& repository, Uuid id,
                                   std::string holder) override;
    Task<Result<>> write(UploadProgress progress) override;
    Task<Result<>> write_all(std::vector<UploadProgress> progress) override;
    Task<Result<>> close(UploadClaim claim) override;
    Task<Result<std::size_t>> count(UploadFilter whose) override;
    Task<Result<std::vector<UploadFact>>> oldest(UploadFilter whose, std::optional<UploadCursor> place,
                                                 std::size_t limit) override;
    Task<Result<std::vector<UploadFact>>> idle_since(Time time, std::optional<UploadCursor> place,
                                                     std::size_t limit) override;
    Task<Result<std::optional<RunRecord>>> begin_run(RunRecord fresh,
                                                     std::chrono::microseconds counted) override;
    Task<Result<std::optional<RunRecord>>> exchange_run_record(RunRecord note) override;
    Task<Result<UploadKey>> key(UploadKey fresh) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

/// Ends the session of a claim, inside a transaction. upload_busy, upload_unknown.
Result<> end_upload(SqliteDb& db, UploadClaim claim);

}  // namespace ocilot::meta
