#pragma once

#include "meta/releases.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

class SqliteReleases final : public Releases {
  public:
    SqliteReleases(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<>> bytes(std::vector<oci::Digest> bytes, Time now) override;
    Task<Result<>> image(oci::RepositoryName const& repository, oci::Digest const& digest, Actor by,
                         Time now) override;
    Task<Result<std::vector<Pin>>> pins(std::optional<Pin> after, std::size_t limit) override;
    Task<Result<>> pin(PinChanges changes, Time now) override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
