#pragma once

#include "meta/audit.h"
#include "meta/sqlite/readers.h"

namespace ocilot::meta {

/// The audit of a SQLite database, on the calling thread.
class SqliteAudit final : public Audit {
  public:
    explicit SqliteAudit(SqliteReaders& readers) noexcept : readers_(readers) {}

    Task<Result<AuditPage<LinkRecord>>> links(std::string from, std::size_t limit) override;
    Task<Result<AuditPage<ManifestRecord>>> manifests(std::string from, std::size_t limit) override;
    Task<Result<AuditPage<TagRecord>>> tags(std::string from, std::size_t limit) override;
    Task<Result<AuditPage<SessionRecord>>> sessions(std::string from, std::size_t limit) override;
    Task<Result<DigestUsage>> usage(oci::Digest const& digest) override;
    Task<Result<std::vector<std::string>>> damage() override;

  private:
    SqliteReaders& readers_;
};

/// What is wrong with the database itself, in its own words; at most a hundred.
Result<std::vector<std::string>> damage_of(SqliteDb& db);

}  // namespace ocilot::meta
