#include "meta/sqlite/audit_file.h"

#include "meta/sqlite/schema.h"

namespace ocilot::meta {

Result<std::unique_ptr<SqliteAuditFile>> SqliteAuditFile::open(std::string const& path) {
    TRY(auto file, DatabaseFile::find(path));
    std::unique_ptr<SqliteAuditFile> opened(new SqliteAuditFile(std::move(file)));
    CHECK(opened->readers_.read([&](SqliteDb& db) { return require_schema(db, path); }));
    return opened;
}

}  // namespace ocilot::meta
