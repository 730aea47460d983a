#pragma once

#include "meta/sqlite/audit.h"
#include "meta/sqlite/temporary_directory.h"

#include <memory>
#include <optional>
#include <string>

namespace ocilot::meta {

/// The audit of a database file that nobody here opened for writing: a registry may be running on it, or
/// none. Nothing is written beside the file or in it.
class SqliteAuditFile {
  public:
    /// config if there is no such database, or it is of another version.
    static Result<std::unique_ptr<SqliteAuditFile>> open(std::string const& path);

    [[nodiscard]] Audit& audit() noexcept { return audit_; }

  private:
    SqliteAuditFile(std::optional<TemporaryDirectory> copy, std::string path, SqliteDb::Mode mode)
        : copy_(std::move(copy)), readers_(std::move(path), mode) {}

    std::optional<TemporaryDirectory> copy_;
    SqliteReaders readers_;
    SqliteAudit audit_{readers_};
};

}  // namespace ocilot::meta
