#pragma once

#include <filesystem>

namespace ocilot::meta {

/// Whether this system has a directory where SQLite can write what does not fit into memory: what is sorted,
/// or may have to be taken back.
[[nodiscard]] bool has_place_for_temporary_files();

/// From now on SQLite writes such files into `directory`, for all connections of this process; the first call
/// counts. SQLITE_TMPDIR in the environment of the process goes before, if it can be written to.
void put_temporary_files_in(std::filesystem::path const& directory);

}  // namespace ocilot::meta
