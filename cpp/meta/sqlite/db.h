#pragma once

#include "base/result.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace ocilot::meta {

/// Bytes that are no text, as a parameter.
struct SqliteBytes {
    explicit SqliteBytes(std::string_view bytes) noexcept : view(bytes) {}
    std::string_view view;
};

/// A parameter of a statement: NULL, an integer, a text or bytes. The last two are borrowed for the call.
using SqliteValue = std::variant<std::nullptr_t, std::int64_t, std::string_view, SqliteBytes>;

/// A function that statements can call: bytes of a text, or NULL.
using SqliteFunction = std::optional<std::string> (*)(std::string_view text);

/// The rows of a running query. Resets its statement at the end of its life: end it before the same SQL
/// runs again on the connection.
class SqliteRows {
  public:
    explicit SqliteRows(sqlite3_stmt* statement) noexcept : statement_(statement) {}
    ~SqliteRows();
    SqliteRows(SqliteRows&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    SqliteRows& operator=(SqliteRows&&) = delete;

    /// Goes to the next row; false at the end.
    Result<bool> next();
    [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
    /// The same, valid until the next row; of bytes that are no text, too.
    [[nodiscard]] std::string_view view(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] bool is_null(int column) const;

  private:
    sqlite3_stmt* statement_;
};

/// One connection to a SQLite database with its prepared statements. For one thread at a time.
/// Never checkpoints on its own after a commit, and a read-only one never at close.
class SqliteDb {
  public:
    enum class Mode : std::uint8_t {
        read_only,
        read_write,
        immutable,  ///< for reading a file that nobody writes to: makes no files beside it and takes no lock
    };
    enum class Checkpoint : std::uint8_t { passive, truncate };

    /// Opens `path`, creating the file in mode read_write.
    static Result<SqliteDb> open(std::string const& path, Mode mode);
    SqliteDb(SqliteDb&&) noexcept = default;
    SqliteDb& operator=(SqliteDb&&) = delete;

    /// Lets statements of this connection call a function, which answers the same for the same text.
    Result<> add_function(char const* name, SqliteFunction function);
    /// Runs one or more statements without parameters, ignoring rows.
    Result<> execute(std::string const& sql);
    /// Starts a query; the statement is prepared once and kept.
    Result<SqliteRows> query(std::string_view sql, std::initializer_list<SqliteValue> values = {});
    /// The first column of the first row of a query, if there is one.
    Result<std::optional<std::int64_t>> number(std::string_view sql,
                                               std::initializer_list<SqliteValue> values);
    /// Runs a statement to its end and answers how many rows it changed.
    Result<std::int64_t> change(std::string_view sql, std::initializer_list<SqliteValue> values = {});

    /// How many rows were changed since the connection was opened.
    [[nodiscard]] std::int64_t rows_changed() const noexcept;
    /// Whether a transaction is open.
    [[nodiscard]] bool in_transaction() const noexcept;
    /// Pages written since the last call.
    std::int64_t take_pages_written() noexcept;
    /// Moves the write-ahead log into the database: what readers let it (passive), or all (truncate).
    Result<> checkpoint(Checkpoint kind);

  private:
    struct CloseDb {
        void operator()(sqlite3* db) const noexcept;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    explicit SqliteDb(std::unique_ptr<sqlite3, CloseDb> db) noexcept : db_(std::move(db)) {}

    /// `borrowed`: the texts outlive the rows.
    enum class Texts : std::uint8_t { copied, borrowed };
    Result<SqliteRows> start(std::string_view sql, std::initializer_list<SqliteValue> values, Texts texts);
    Result<sqlite3_stmt*> prepared(std::string_view sql);

    /// Statements differ in their lengths and ends; the whole text of each would be hashed each time it runs.
    struct HashEnd {
        std::size_t operator()(std::string_view sql) const noexcept {
            constexpr std::size_t end = 32;
            auto const tail = sql.substr(sql.size() - std::min(sql.size(), end));
            return std::hash<std::string_view>()(tail) ^ sql.size();
        }
    };

    std::unique_ptr<sqlite3, CloseDb> db_;
    // By the text each statement keeps itself.
    std::unordered_map<std::string_view, std::unique_ptr<sqlite3_stmt, Finalize>, HashEnd> statements_;
};

}  // namespace ocilot::meta
