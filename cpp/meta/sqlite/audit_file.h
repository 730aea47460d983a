#pragma once

#include "meta/sqlite/audit.h"
#include "meta/sqlite/database_file.h"

#include <memory>
#include <string>
#include <utility>

namespace ocilot::meta {

/// The audit of a database file that nobody here opened for writing: a registry may be running on it, or
/// none. Nothing is written beside the file or in it.
class SqliteAuditFile {
  public:
    /// config if there is no such database, or it is of another version.
    static Result<std::unique_ptr<SqliteAuditFile>> open(std::string const& path);

    [[nodiscard]] Audit& audit() noexcept { return audit_; }

  private:
    explicit SqliteAuditFile(DatabaseFile file) : file_(std::move(file)), readers_(file_.path, file_.mode) {}

    DatabaseFile file_;
    SqliteReaders readers_;
    SqliteAudit audit_{readers_};
};

}  // namespace ocilot::meta
