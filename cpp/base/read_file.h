#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>

namespace ocilot {

/// All of a file of at most `most` bytes. config with the reason if it cannot be read or is longer.
[[nodiscard]] Result<std::string> read_file(std::string const& path, std::size_t most);

}  // namespace ocilot
