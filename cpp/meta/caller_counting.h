#pragma once

#include <cstdint>

namespace ocilot::meta {

/// Whether writes keep what callers are charged for, see ContentReport::caller_usage. Whom content is charged
/// to is recorded in any case, so that counting may begin at any time.
enum class CallerCounting : std::uint8_t {
    as_it_was,  ///< by the one who opened the store before
    off,
    on,
};

}  // namespace ocilot::meta
