#pragma once

#include <filesystem>
#include <string>

namespace ocilot::net {

/// The file with the authorities of the system below `root`, `/` but in tests; empty if there is none.
/// OpenSSL knows only where the distribution has them that it was built for, which need not be this one.
/// Blocks.
std::string system_authorities(std::filesystem::path const& root);

}  // namespace ocilot::net
