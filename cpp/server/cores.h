#pragma once

namespace ocilot::server {

/// Cores this process may run on, by its CPU affinity; at least 1.
[[nodiscard]] unsigned usable_cores() noexcept;

}  // namespace ocilot::server
