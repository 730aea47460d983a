#include "meta/sqlite/db.h"

#include "base/errno_advice.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <sqlite3.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace ocilot::meta {

namespace {

constexpr int writer_patience_ms = 5000;
constexpr int reader_patience_ms =
    1000;  // Readers run on I/O threads; only a foreign tool can make them wait.

bool disk_full(sqlite3* db, int code) {
    if (code == SQLITE_FULL) return true;
    int const system = sqlite3_system_errno(db);
    return code == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT);
}

Errc errc_of(sqlite3* db, int code) {
    if (disk_full(db, code)) return Errc::no_space;
    switch (code) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_NOMEM:
            return Errc::unavailable;
        case SQLITE_ERROR:
        case SQLITE_INTERNAL:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
            return Errc::internal;
        default:
            return Errc::io;
    }
}

std::string_view advice(sqlite3* db, Errc code) {
    if ((sqlite3_errcode(db) & 0xff) == SQLITE_IOERR && code == Errc::io) {
        if (auto const known = errno_advice(sqlite3_system_errno(db)); !known.empty()) return known;
    }
    switch (code) {
        case Errc::no_space:
            return "free disk space and retry";
        case Errc::unavailable:
            return "retry; if it fails again, stop the process that locks the database";
        case Errc::internal:
            return "please report this";
        default:
            return "check the disk and the permissions of the database file and its directory";
    }
}

Error sqlite_error(sqlite3* db) {
    auto const code = errc_of(db, sqlite3_errcode(db) & 0xff);
    return {code, fmt::format("the metadata database {} failed: {} (SQLite {}); {}",
                              sqlite3_db_filename(db, "main"), sqlite3_errmsg(db),
                              sqlite3_extended_errcode(db), advice(db, code))};
}

int bind(sqlite3_stmt* statement, int at, SqliteValue const& value, sqlite3_destructor_type keep) {
    if (auto const* number = std::get_if<std::int64_t>(&value))
        return sqlite3_bind_int64(statement, at, *number);
    if (auto const* text = std::get_if<std::string_view>(&value)) {
        // An empty view may have no data: that would bind NULL.
        char const* const data = text->empty() ? "" : text->data();
        return sqlite3_bind_text64(statement, at, data, text->size(), keep, SQLITE_UTF8);
    }
    if (auto const* bytes = std::get_if<SqliteBytes>(&value)) {
        if (bytes->view.empty()) return sqlite3_bind_zeroblob(statement, at, 0);
        return sqlite3_bind_blob64(statement, at, bytes->view.data(), bytes->view.size(), keep);
    }
    return sqlite3_bind_null(statement, at);
}

Error cannot_open(std::string const& path, sqlite3* db, int code) {
    int const system = db == nullptr ? 0 : sqlite3_system_errno(db);
    return {Errc::config,
            fmt::format(
                "cannot open the metadata database {}: {}; check that its directory exists and is writable",
                path, system != 0 ? std::generic_category().message(system) : sqlite3_errstr(code))};
}

/// The keys that tokens are signed with are in there: a new file is its owner's alone from its first moment.
/// If it cannot be made, SQLite says why.
void make_for_owner(std::string const& path) {
    int const fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0) ::close(fd);
}

/// Until it has succeeded, a statement keeps what it changes: in memory up to so many bytes, then in a file.
constexpr int statement_journal = 4 << 20;

/// SQLite counts its memory under a lock that all connections share, and nobody asks for the count. Can only
/// be told before the first connection of the process: if that was somebody else's, it stays as it was.
void configure_process() {
    static std::once_flag once;
    std::call_once(once, [] {
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, statement_journal);
    });
}

std::string_view text_of(sqlite3_value* value) {
    auto const* const data = reinterpret_cast<char const*>(sqlite3_value_text(value));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

/// An exception must not pass through SQLite: there is none but of lacking memory.
void call(sqlite3_context* context, int, sqlite3_value** values) noexcept {
    auto const function = reinterpret_cast<SqliteFunction>(sqlite3_user_data(context));
    auto const bytes = function(text_of(*values));
    if (!bytes) return sqlite3_result_null(context);
    sqlite3_result_blob64(context, bytes->data(), bytes->size(), SQLITE_TRANSIENT);
}

/// Only three characters mean something in the path of a URI that has no host.
std::string immutable_uri(std::string const& path) {
    std::string uri = path.starts_with('/') ? "file://" : "file:";
    for (char const c : path) {
        if (c == '%' || c == '?' || c == '#') {
            uri += fmt::format("%{:02x}", static_cast<unsigned>(c));
        } else {
            uri += c;
        }
    }
    return uri + "?immutable=1";
}

}  // namespace

SqliteRows::~SqliteRows() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Result<bool> SqliteRows::next() {
    int const code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return sqlite_error(sqlite3_db_handle(statement_));
}

std::string_view SqliteRows::view(int column) const {
    auto const* const data = reinterpret_cast<char const*>(sqlite3_column_text(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t SqliteRows::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

bool SqliteRows::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void SqliteDb::CloseDb::operator()(sqlite3* db) const noexcept {
    sqlite3_close(db);
}

void SqliteDb::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

Result<SqliteDb> SqliteDb::open(std::string const& path, Mode mode) {
    int flags = SQLITE_OPEN_NOMUTEX;
    flags |= mode == Mode::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (mode == Mode::immutable) flags |= SQLITE_OPEN_URI;
    if (mode == Mode::read_write) make_for_owner(path);
    configure_process();
    sqlite3* raw = nullptr;
    auto const name = mode == Mode::immutable ? immutable_uri(path) : path;
    int const code = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
    std::unique_ptr<sqlite3, CloseDb> db(raw);
    if (code != SQLITE_OK) return cannot_open(path, raw, code);
    // SQLite opens a file it may not write for reading only, and says nothing.
    if (mode == Mode::read_write && sqlite3_db_readonly(raw, "main") != 0) {
        return Error{
            Errc::config,
            fmt::format(
                "metadata database {} is not writable by this user; change its owner or its permissions",
                path)};
    }
    // A statement is prepared once: its plan is the same whatever its parameters are.
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_QPSG, 1, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, mode == Mode::read_write ? 0 : 1, nullptr);
    sqlite3_wal_autocheckpoint(raw, 0);
    sqlite3_busy_timeout(raw, mode == Mode::read_write ? writer_patience_ms : reader_patience_ms);
    return SqliteDb(std::move(db));
}

Result<> SqliteDb::add_function(char const* name, SqliteFunction function) {
    int const flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    auto* const data = reinterpret_cast<void*>(function);
    if (sqlite3_create_function_v2(db_.get(), name, 1, flags, data, call, nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
        return sqlite_error(db_.get());
    }
    return {};
}

Result<> SqliteDb::execute(std::string const& sql) {
    if (sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return sqlite_error(db_.get());
    return {};
}

Result<sqlite3_stmt*> SqliteDb::prepared(std::string_view sql) {
    if (auto const known = statements_.find(sql); known != statements_.end()) return known->second.get();
    sqlite3_stmt* raw = nullptr;
    int const length = static_cast<int>(sql.size());
    if (sqlite3_prepare_v3(db_.get(), sql.data(), length, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
        SQLITE_OK) {
        return sqlite_error(db_.get());
    }
    std::unique_ptr<sqlite3_stmt, Finalize> statement(raw);
    statements_.emplace(sqlite3_sql(raw), std::move(statement));
    return raw;
}

Result<SqliteRows> SqliteDb::start(std::string_view sql, std::initializer_list<SqliteValue> values,
                                   Texts texts) {
    TRY(auto* const statement, prepared(sql));
    SqliteRows rows(statement);
    auto const keep = texts == Texts::copied ? SQLITE_TRANSIENT : SQLITE_STATIC;
    int at = 0;
    for (auto const& value : values) {
        if (bind(statement, ++at, value, keep) != SQLITE_OK) return sqlite_error(db_.get());
    }
    return rows;
}

Result<SqliteRows> SqliteDb::query(std::string_view sql, std::initializer_list<SqliteValue> values) {
    return start(sql, values, Texts::copied);
}

Result<std::optional<std::int64_t>> SqliteDb::number(std::string_view sql,
                                                     std::initializer_list<SqliteValue> values) {
    TRY(auto rows, start(sql, values, Texts::borrowed));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<std::int64_t>();
    return std::optional(rows.integer(0));
}

Result<std::int64_t> SqliteDb::change(std::string_view sql, std::initializer_list<SqliteValue> values) {
    TRY(auto rows, start(sql, values, Texts::borrowed));
    for (;;) {
        TRY(bool const more, rows.next());
        if (!more) return sqlite3_changes64(db_.get());
    }
}

std::int64_t SqliteDb::rows_changed() const noexcept {
    return sqlite3_total_changes64(db_.get());
}

bool SqliteDb::in_transaction() const noexcept {
    return sqlite3_get_autocommit(db_.get()) == 0;
}

std::int64_t SqliteDb::take_pages_written() noexcept {
    int pages = 0;
    int peak = 0;
    sqlite3_db_status(db_.get(), SQLITE_DBSTATUS_CACHE_WRITE, &pages, &peak, 1);
    return pages;
}

Result<> SqliteDb::checkpoint(Checkpoint kind) {
    int const mode = kind == Checkpoint::truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    if (sqlite3_wal_checkpoint_v2(db_.get(), "main", mode, nullptr, nullptr) != SQLITE_OK) {
        return sqlite_error(db_.get());
    }
    return {};
}

}  // namespace ocilot::meta
