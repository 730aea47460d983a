#pragma once

#include "oci/digest.h"

#include <cstdint>

namespace ocilot::registry {

/// A read of a blob that failed, or gave other bytes than recorded.
struct FailedRead {
    oci::Digest digest;
    std::uint64_t size = 0;    ///< bytes, as recorded
    std::uint64_t offset = 0;  ///< where it failed
};

}  // namespace ocilot::registry
