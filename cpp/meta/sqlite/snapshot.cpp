#include "meta/sqlite/snapshot.h"

#include "base/fd.h"
#include "meta/sqlite/audit.h"
#include "meta/sqlite/database_file.h"
#include "meta/sqlite/needed.h"
#include "meta/sqlite/repository.h"
#include "meta/sqlite/schema.h"
#include "meta/sqlite/values.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ocilot::meta {

namespace {

/// How often a registry may start or stop during the copy.
constexpr int max_attempts = 5;

/// What changes with every write to a database file and its log.
std::array<std::int64_t, 8> traces_of(std::string const& path) {
    std::array<std::int64_t, 8> traces{};
    std::size_t at = 0;
    for (auto const* const part : {"", "-wal"}) {
        struct stat found{};
        if (::stat((path + part).c_str(), &found) != 0) found = {};
        traces[at++] = static_cast<std::int64_t>(found.st_ino);
        traces[at++] = found.st_size;
        traces[at++] = found.st_mtim.tv_sec;
        traces[at++] = found.st_mtim.tv_nsec;
    }
    return traces;
}

Error cannot_write(std::string const& target, Error const& reason) {
    if (reason.code == Errc::no_space) {
        return {Errc::no_space,
                fmt::format("no space left for the metadata in {}; free disk space there and retry", target)};
    }
    return {reason.code, fmt::format("cannot copy the metadata to {}: {}", target, reason.message)};
}

/// An empty file that only its owner may read; what a process that was killed has left is removed.
Result<> make_empty(std::string const& target) {
    for (auto const* const part : {"", "-journal", "-wal", "-shm"}) {
        if (::unlink((target + part).c_str()) != 0 && errno != ENOENT) {
            return system_error(errno, fmt::format("cannot remove {}{}", target, part));
        }
    }
    Fd const file(::open(target.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) return system_error(errno, fmt::format("cannot create {}", target));
    return {};
}

Result<> copy_database(SqliteDb& db, std::string const& target) {
    // One read transaction, in which pushes go on; a copy page by page would start again with each of them.
    TRY(auto rows, db.query("VACUUM INTO ?1", {target}));
    CHECK(rows.next());
    return {};
}

/// The bytes of upload sessions are in no copy, and pulls after it are not in what is restored: there they
/// are counted from the start on.
Result<> drop_what_does_not_last(std::string const& target) {
    TRY(auto db, SqliteDb::open(target, SqliteDb::Mode::read_write));
    CHECK(db.execute("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF"));
    CHECK(db.change("DELETE FROM upload"));
    CHECK(db.change("DELETE FROM job_place WHERE job = 'record-pulls'"));
    return {};
}

Result<> sync_file(std::string const& target) {
    Fd const file(::open(target.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) {
        return system_error(errno, fmt::format("cannot write {} to disk", target));
    }
    return {};
}

/// False if the source was changed under the copy: what was read may be torn.
Result<bool> try_copy(std::string const& source, std::string const& target) {
    auto const before = traces_of(source);
    TRY(auto const file, DatabaseFile::find(source));
    TRY(auto db, SqliteDb::open(file.path, file.mode));
    CHECK(require_schema(db, source));
    auto const copied = copy_database(db, target);
    if (file.is_unguarded() && traces_of(source) != before) return false;
    if (copied.has_error()) return cannot_write(target, copied.error());
    return true;
}

}  // namespace

Result<SqliteSnapshot> SqliteSnapshot::take(std::string const& source, std::string const& target) {
    for (int attempt = 0; attempt < max_attempts; ++attempt) {
        CHECK(make_empty(target));
        TRY(bool const whole, try_copy(source, target));
        if (!whole) continue;
        if (auto const dropped = drop_what_does_not_last(target); dropped.has_error()) {
            return cannot_write(target, dropped.error());
        }
        CHECK(sync_file(target));
        return open(target);
    }
    return Error{Errc::unavailable,
                 fmt::format("the metadata database {} was changed while it was copied: run this again when "
                             "the registry is not being started or stopped",
                             source)};
}

Result<SqliteSnapshot> SqliteSnapshot::open(std::string const& path) {
    TRY(auto db, SqliteDb::open(path, SqliteDb::Mode::immutable));
    CHECK(require_snapshot_schema(db, path));
    return SqliteSnapshot(std::move(db));
}

Result<> SqliteSnapshot::copy(std::string const& path, std::string const& target) {
    CHECK(make_empty(target));
    TRY(auto db, SqliteDb::open(path, SqliteDb::Mode::immutable));
    if (auto const copied = copy_database(db, target); copied.has_error()) {
        return cannot_write(target, copied.error());
    }
    return sync_file(target);
}

Result<std::vector<NamedContent>> SqliteSnapshot::content(std::string_view after, std::size_t limit) {
    TRY(auto rows, db_.query("SELECT digest, size FROM link WHERE digest > ?1 "
                             "UNION ALL SELECT digest, size FROM manifest WHERE digest > ?1 "
                             "UNION ALL SELECT digest, size FROM removed_link WHERE digest > ?1 "
                             "UNION ALL SELECT digest, size FROM removed_manifest WHERE digest > ?1 "
                             "ORDER BY digest LIMIT ?2",
                             {after, meta::limit(limit)}));
    std::vector<NamedContent> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        // Once for each repository that holds it.
        if (!found.empty() && found.back().digest == rows.view(0)) continue;
        found.push_back({rows.text(0), static_cast<std::uint64_t>(rows.integer(1))});
    }
}

Result<bool> SqliteSnapshot::names(oci::Digest const& digest) {
    return is_held(db_, digest.str());
}

Result<bool> SqliteSnapshot::is_quarantined(oci::Digest const& digest) {
    TRY(auto const found, first_number(db_, "SELECT 1 FROM quarantined WHERE digest = ?1", {digest.str()}));
    return found.has_value();
}

Result<std::vector<std::string>> SqliteSnapshot::damage() {
    return damage_of(db_);
}

Result<bool> is_named_now(std::string const& source, oci::Digest const& digest) {
    TRY(auto const file, DatabaseFile::find(source));
    TRY(auto db, SqliteDb::open(file.path, file.mode));
    return is_held(db, digest.str());
}

}  // namespace ocilot::meta
