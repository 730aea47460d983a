#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>

namespace ocilot::server {

/// Lets this process open as many files and sockets as it may at most, and answers how many that are.
Result<std::uint64_t> raise_descriptor_limit();

/// How many connections so many descriptors carry: each may need a file beside its socket, and the stores
/// need some of their own.
[[nodiscard]] std::size_t connections_within(std::uint64_t descriptors) noexcept;

}  // namespace ocilot::server
