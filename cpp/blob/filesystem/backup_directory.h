#pragma once

#include "base/result.h"
#include "blob/filesystem/data_directory.h"
#include "blob/filesystem/files.h"

#include <filesystem>

namespace ocilot::blob {

// A backup has the form of a data directory, and the mark `ocilot/backup`, which keeps registries from
// serving it: they would change it. A data directory that is being restored has the mark until it is
// complete.

/// Whether a directory has the mark.
[[nodiscard]] bool is_backup(std::filesystem::path const& directory);
/// config, saying what to do: a registry was started on a directory with the mark.
[[nodiscard]] Error cannot_serve_backup(std::filesystem::path const& directory);

/// Opens a backup to add to it, or makes one in a directory that is missing or empty; takes its lock. config
/// if the directory holds anything else, so that a wrong name destroys nothing, or is in use.
Result<DataDirectory> open_backup(std::filesystem::path const& directory, Files& files);
/// Opens a backup that nothing adds to meanwhile; writes nothing. config if there is none or it is in use.
Result<DataDirectory> open_backup_for_reading(std::filesystem::path const& directory, Files& files);
/// Makes a data directory, with the mark, where none is; takes its lock. config if `root` is not empty.
Result<DataDirectory> open_for_restore(std::filesystem::path const& root, Files& files);
/// Durably removes the mark: the directory can be served.
Result<> end_restore(DataDirectory const& directory, Files& files);

/// Puts a file that is complete into `ocilot/`, durably, in place of the one that has the name `to`.
Result<> replace_file(DataDirectory const& directory, Files& files, char const* from, char const* to);

}  // namespace ocilot::blob
