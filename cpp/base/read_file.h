#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>

namespace ocilot {

/// The text in a file of at most `most` bytes, without a byte order mark. config with a sentence if it cannot
/// be read, is longer, or is UTF-16.
[[nodiscard]] Result<std::string> read_file(std::string const& path, std::size_t most);

/// The same for callers with a sentence of their own: the message of the error is the reason alone.
[[nodiscard]] Result<std::string> text_of_file(std::string const& path, std::size_t most);

}  // namespace ocilot
