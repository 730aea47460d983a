#pragma once

#include "meta/sqlite/db.h"
#include "meta/sqlite/temporary_directory.h"

#include <optional>
#include <string>

namespace ocilot::meta {

/// How to read a database file that this process does not write, whether or not a registry is running on it:
/// nothing is written beside the file or in it.
struct DatabaseFile {
    std::optional<TemporaryDirectory> copy;  ///< of the file, if it has to be read elsewhere
    std::string path;                        ///< what to open
    SqliteDb::Mode mode = SqliteDb::Mode::immutable;

    /// Whether what is read may be torn if a registry starts meanwhile.
    [[nodiscard]] bool is_unguarded() const { return copy || mode == SqliteDb::Mode::immutable; }

    /// config if there is no such file.
    static Result<DatabaseFile> find(std::string const& path);
};

}  // namespace ocilot::meta
