#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace ocilot::auth {

/// What tells one version of a file from another: device, inode, size, seconds and nanoseconds of mtime; all
/// zero for a missing file.
using FileVersion = std::array<std::int64_t, 5>;

/// Of the file now: one stat(2).
[[nodiscard]] FileVersion file_version(std::string const& path);

}  // namespace ocilot::auth
