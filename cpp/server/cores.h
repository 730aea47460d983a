#pragma once

namespace ocilot::server {

/// Number of processor cores that this process may use: those it may run on, as far as the CPU quota of its
/// control group (version 1 or 2) reaches. At least 1.
[[nodiscard]] unsigned usable_cores();

}  // namespace ocilot::server
