#include "meta/sqlite/store.h"

#include "meta/sqlite/accounts.h"
#include "meta/sqlite/audit.h"
#include "meta/sqlite/caller_counting.h"
#include "meta/sqlite/catalog.h"
#include "meta/sqlite/collection.h"
#include "meta/sqlite/consumers.h"
#include "meta/sqlite/job_places.h"
#include "meta/sqlite/journal.h"
#include "meta/sqlite/keys.h"
#include "meta/sqlite/leases.h"
#include "meta/sqlite/links.h"
#include "meta/sqlite/pulls.h"
#include "meta/sqlite/retention.h"
#include "meta/sqlite/retention_policies.h"
#include "meta/sqlite/schema.h"
#include "meta/sqlite/scrub_facts.h"
#include "meta/sqlite/temporary_directory.h"
#include "meta/sqlite/tokens.h"
#include "meta/sqlite/uploads.h"

#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <system_error>

namespace ocilot::meta {

struct SqliteStore::Parts {
    Parts(std::optional<TemporaryDirectory> d, std::string path, SqliteDb db, Log const& log,
          Metrics& metrics)
        : directory(std::move(d)),
          writer(std::move(db), log, metrics),
          readers(std::move(path)),
          catalog(readers, writer, log, metrics),
          links(readers, writer, metrics),
          uploads(readers, writer),
          audit(readers),
          scrub(readers, writer),
          accounts(readers, writer),
          tokens(readers, writer),
          keys(readers, writer),
          journal(readers, writer),
          places(readers, writer),
          collection(readers, writer),
          retention(readers, writer),
          retention_policies(readers, writer),
          pulls(readers, writer),
          consumers(readers, writer) {}

    // Readers close before the writer: it is the last one out and empties the write-ahead log.
    std::optional<TemporaryDirectory> directory;
    SqliteWriter writer;
    SqliteReaders readers;
    SqliteCatalog catalog;
    SqliteLinks links;
    SqliteUploads uploads;
    SqliteAudit audit;
    SqliteScrubFacts scrub;
    SqliteAccounts accounts;
    SqliteTokens tokens;
    SqliteKeys keys;
    SqliteJournal journal;
    SqliteLeases leases;
    SqliteJobPlaces places;
    SqliteCollection collection;
    SqliteRetention retention;
    SqliteRetentionPolicies retention_policies;
    SqlitePulls pulls;
    SqliteConsumers consumers;
};

namespace {

/// Whatever keeps the database from opening keeps the registry from starting.
template <class T>
Result<T> as_config(Result<T> result) {
    if (result.has_error()) return Error{Errc::config, result.error().message};
    return result;
}

/// Digests fall anywhere in an index: what is kept of it need not be read again to add one. KiB, negative as
/// SQLite wants it; taken as it is used.
constexpr int writer_cache = -13 * 1024;

/// It holds hashes of passwords and private keys: a file that others may read, as earlier versions made it,
/// is closed to them. SQLite gives the log the permissions of the file.
void keep_private(std::string const& path, Log const& log) {
    namespace fs = std::filesystem;
    for (auto const* const part : {"", "-wal", "-shm"}) {
        std::error_code failure;
        auto const file = path + part;
        auto const found = fs::status(file, failure);
        if (!fs::exists(found) || (found.permissions() & fs::perms::others_all) == fs::perms::none) continue;
        fs::permissions(file, fs::perms::others_all, fs::perm_options::remove, failure);
        if (!failure) continue;
        log.warn("meta.sqlite is readable by other users: run `chmod o-rwx` on it",
                 {{"file", std::string_view(file)}, {"error", std::string_view(failure.message())}});
    }
}

Result<SqliteDb> open_for_writing(std::string const& path, bool durable, Log const& log,
                                  CallerCounting counting) {
    TRY(auto db, SqliteDb::open(path, SqliteDb::Mode::read_write));
    keep_private(path, log);
    CHECK(db.execute(fmt::format("PRAGMA cache_size = {}", writer_cache)));
    CHECK(db.execute(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF"));
    CHECK(prepare_schema(db, path, log));
    CHECK(set_caller_counting(db, counting, log));
    return db;
}

Result<> nothing(SqliteDb&) {
    return {};
}

Result<> read_header(SqliteDb& db) {
    TRY(auto rows, db.query("PRAGMA user_version"));
    CHECK(rows.next());
    return {};
}

}  // namespace

bool SqliteStore::was_left_open(std::string const& path) {
    // The last connection that closes removes the write-ahead log.
    std::error_code failure;
    auto const size = std::filesystem::file_size(path + "-wal", failure);
    return !failure && size > 0;
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(std::string path, Log const& log, Metrics& metrics,
                                                       CallerCounting counting) {
    // A file in a directory of its own, not SQLite's memory databases: a private one is seen by one
    // connection only, and those several can see (shared cache, vfs=memdb) have no write-ahead log, so
    // readers and the writer would lock each other out. This way it is the same code and the same rules, only
    // without fsync.
    std::optional<TemporaryDirectory> directory;
    if (path == ":memory:") {
        TRY(auto made, TemporaryDirectory::make());
        path = (made.path() / "meta.db").string();
        directory.emplace(std::move(made));
    }
    TRY(auto db, as_config(open_for_writing(path, !directory, log, counting)));
    return std::unique_ptr<SqliteStore>(new SqliteStore(
        std::make_unique<Parts>(std::move(directory), std::move(path), std::move(db), log, metrics)));
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}

SqliteStore::~SqliteStore() = default;

Catalog& SqliteStore::catalog() noexcept {
    return parts_->catalog;
}

Links& SqliteStore::links() noexcept {
    return parts_->links;
}

Uploads& SqliteStore::uploads() noexcept {
    return parts_->uploads;
}

Audit& SqliteStore::audit() noexcept {
    return parts_->audit;
}

ScrubFacts& SqliteStore::scrub() noexcept {
    return parts_->scrub;
}

Accounts& SqliteStore::accounts() noexcept {
    return parts_->accounts;
}

Tokens& SqliteStore::tokens() noexcept {
    return parts_->tokens;
}

Keys& SqliteStore::keys() noexcept {
    return parts_->keys;
}

Journal& SqliteStore::journal() noexcept {
    return parts_->journal;
}

Leases& SqliteStore::leases() noexcept {
    return parts_->leases;
}

JobPlaces& SqliteStore::places() noexcept {
    return parts_->places;
}

Collection& SqliteStore::collection() noexcept {
    return parts_->collection;
}

Retention& SqliteStore::retention() noexcept {
    return parts_->retention;
}

RetentionPolicies& SqliteStore::retention_policies() noexcept {
    return parts_->retention_policies;
}

Pulls& SqliteStore::pulls() noexcept {
    return parts_->pulls;
}

Consumers& SqliteStore::consumers() noexcept {
    return parts_->consumers;
}

Task<Result<>> SqliteStore::check() {
    // An empty transaction: the writer lives, takes the write lock and commits, without wearing the disk.
    auto const written = co_await parts_->writer.run(ChangeScope::nothing(), nothing);
    if (written.has_error()) co_return written.error();
    co_return parts_->readers.read(read_header);
}

}  // namespace ocilot::meta
