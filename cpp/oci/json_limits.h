#pragma once

#include <cstddef>

namespace ocilot::oci {

/// What the JSON of a manifest may cost beyond its bytes; the specifications need five levels.
struct JsonLimits {
    std::size_t depth = 64;   ///< levels of nesting
    std::size_t members = 0;  ///< of one object, 0: any number; lists may have any number
};

}  // namespace ocilot::oci
