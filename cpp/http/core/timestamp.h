#pragma once

#include "base/clock.h"

#include <optional>
#include <string_view>

namespace ocilot::http {

/// A point in time as RFC 3339 writes it, `2026-11-21T17:48:55.123456+01:00`, or a day, `2026-11-21`, which
/// begins at midnight UTC. nullopt for any other text.
[[nodiscard]] std::optional<Time> parse_timestamp(std::string_view text) noexcept;

}  // namespace ocilot::http
