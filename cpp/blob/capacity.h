#pragma once

#include <cstdint>

namespace ocilot::blob {

/// Room of the file system that holds a store, in bytes.
struct Capacity {
    std::uint64_t total = 0;
    std::uint64_t free = 0;  ///< that the registry may use: without what is reserved for root
};

}  // namespace ocilot::blob
