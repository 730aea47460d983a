#include "meta/sqlite/database_file.h"

#include <filesystem>
#include <fmt/format.h>

namespace ocilot::meta {

namespace {

namespace fs = std::filesystem;

/// Reading a log without its index makes the index beside it, as this user: so it is read elsewhere.
Result<TemporaryDirectory> copy_with_log(std::string const& path) {
    TRY(auto directory, TemporaryDirectory::make());
    for (auto const* part : {"", "-wal"}) {
        std::error_code failure;
        fs::copy_file(path + part, directory.path() / (std::string("meta.sqlite") + part), failure);
        if (failure) {
            return Error{Errc::config,
                         fmt::format("cannot copy {}{} to {}: {}; set TMPDIR to a directory with "
                                     "enough space",
                                     path, part, directory.path().string(), failure.message())};
        }
    }
    return directory;
}

}  // namespace

Result<DatabaseFile> DatabaseFile::find(std::string const& path) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
        return Error{
            Errc::config,
            fmt::format("metadata database {} not found; start the registry on this directory once", path)};
    }
    bool const has_log = fs::exists(path + "-wal", ignored);
    bool const has_index = fs::exists(path + "-shm", ignored);
    // Without a log nobody has the database open. With log and index a reader is one more of many.
    if (!has_log) return DatabaseFile{{}, path, SqliteDb::Mode::immutable};
    if (has_index) return DatabaseFile{{}, path, SqliteDb::Mode::read_only};
    TRY(auto copy, copy_with_log(path));
    auto where = (copy.path() / "meta.sqlite").string();
    return DatabaseFile{std::move(copy), std::move(where), SqliteDb::Mode::read_only};
}

}  // namespace ocilot::meta
