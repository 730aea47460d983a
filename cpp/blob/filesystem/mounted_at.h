#pragma once

#include <filesystem>
#include <string>

namespace ocilot::blob {

/// The file system of a path for a message, as "nfs4 file system at /mnt/registry"; "file system" if the
/// system does not tell.
[[nodiscard]] std::string mounted_at(std::filesystem::path const& path);
/// The same from the text of a mountinfo file (proc(5)) and the number of a device.
[[nodiscard]] std::string mounted_at(std::string const& mounts, unsigned major, unsigned minor);

}  // namespace ocilot::blob
