#pragma once

#include "meta/scrub_facts.h"
#include "meta/sqlite/readers.h"
#include "meta/sqlite/writer.h"

namespace ocilot::meta {

/// What the scrub keeps, in SQLite.
class SqliteScrubFacts final : public ScrubFacts {
  public:
    SqliteScrubFacts(SqliteReaders& readers, SqliteWriter& writer) noexcept
        : readers_(readers), writer_(writer) {}

    Task<Result<>> quarantine(oci::Digest const& digest, Time now) override;
    Task<Result<>> release(oci::Digest const& digest) override;
    Task<Result<bool>> is_quarantined(oci::Digest const& digest) override;
    Task<Result<std::uint64_t>> quarantined() override;
    Task<Result<>> save_position(ScrubPosition position) override;
    Task<Result<std::optional<ScrubPosition>>> position() override;

  private:
    SqliteReaders& readers_;
    SqliteWriter& writer_;
};

}  // namespace ocilot::meta
