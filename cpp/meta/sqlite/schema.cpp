#include "meta/sqlite/schema.h"

#include "meta/sqlite/migrations.h"
#include "meta/sqlite/temporary_files.h"
#include "oci/version.h"

#include <filesystem>
#include <fmt/format.h>

namespace ocilot::meta {

namespace {

constexpr int application_id = 0x6f63'696c;  // "ocil", so that file(1) and this program know the database.

/// The first version of which backups were made.
constexpr int first_with_snapshots = 7;

Result<std::int64_t> number(SqliteDb& db, std::string_view sql) {
    TRY(auto rows, db.query(sql));
    TRY(bool const row, rows.next());
    return row ? rows.integer(0) : 0;
}

/// The schema's version; 0 for an empty database.
Result<std::int64_t> recognized_version(SqliteDb& db, std::string const& path) {
    TRY(auto const version, number(db, "PRAGMA user_version"));
    TRY(auto const application, number(db, "PRAGMA application_id"));
    TRY(auto const tables, number(db, "SELECT count(*) FROM sqlite_schema"));
    bool const empty = version == 0 && application == 0 && tables == 0;
    if (application != application_id && !empty) {
        return Error{
            Errc::config,
            fmt::format("{} is a database of another program; use another file for the metadata", path)};
    }
    if (version > sqlite_schema_version()) {
        return Error{
            Errc::config,
            fmt::format(
                "the metadata database {} was written by a newer version of ocilot (schema {}, this version "
                "supports {}); start that version, or restore a backup from before the upgrade",
                path, version, sqlite_schema_version())};
    }
    return version;
}

Result<> use_write_ahead_log(SqliteDb& db, std::string const& path) {
    TRY(auto rows, db.query("PRAGMA journal_mode = WAL"));
    CHECK(rows.next());
    if (auto const mode = rows.text(0); mode != "wal") {
        return Error{Errc::config,
                     fmt::format("the file system of the metadata database {} has no shared memory for "
                                 "a write-ahead log (journal mode {}); put it on a local disk",
                                 path, mode)};
    }
    return {};
}

void announce_upgrade(std::string const& path, std::int64_t version, Log const& log) {
    log.info(
        "upgrading metadata",
        {{"file", std::string_view(path)}, {"from", version}, {"to", std::int64_t{sqlite_schema_version()}}});
}

}  // namespace

int sqlite_schema_version() noexcept {
    return static_cast<int>(sqlite_migrations().size());
}

Result<> require_schema(SqliteDb& db, std::string const& path) {
    TRY(auto const version, recognized_version(db, path));
    if (version == sqlite_schema_version()) return {};
    return Error{Errc::config,
                 fmt::format("the metadata database {} was written by an older version of ocilot (schema {}, "
                             "this version needs {}); start the registry once with this version",
                             path, version, sqlite_schema_version())};
}

Result<> require_snapshot_schema(SqliteDb& db, std::string const& path) {
    TRY(auto const version, recognized_version(db, path));
    if (version >= first_with_snapshots) return {};
    return Error{
        Errc::config,
        fmt::format("{} is not metadata that `ocilot backup` has written; use another backup", path)};
}

Result<> prepare_schema(SqliteDb& db, std::string const& path, Log const& log) {
    TRY(auto const version, recognized_version(db, path));
    bool const upgrades = version > 0 && version < sqlite_schema_version();
    if (upgrades) announce_upgrade(path, version, log);
    // An upgrade has room where the database has it, not on a small /tmp. A container with a read-only root
    // has no other place at all.
    if (upgrades || !has_place_for_temporary_files()) {
        put_temporary_files_in(std::filesystem::path(path).parent_path());
    }
    CHECK(use_write_ahead_log(db, path));
    CHECK(db.execute("PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864"));
    CHECK(db.add_function("version_key", oci::version_key));
    auto const migrations = sqlite_migrations();
    for (auto at = static_cast<std::size_t>(version); at < migrations.size(); ++at) {
        // A script that fails leaves its transaction open; the caller gives up the connection, and so the
        // script.
        CHECK(db.execute(
            fmt::format("BEGIN IMMEDIATE; {}; PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT",
                        migrations[at], application_id, at + 1)));
    }
    return {};
}

}  // namespace ocilot::meta
