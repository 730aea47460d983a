#pragma once

#include <cstdint>
#include <optional>

namespace ocilot::meta {

/// The most that a repository may hold, or a caller in all repositories together; see Usage.
struct QuotaLimits {
    std::optional<std::uint64_t> bytes = {};
    std::optional<std::uint64_t> tags = {};
    [[nodiscard]] bool any() const noexcept { return bytes.has_value() || tags.has_value(); }
    friend bool operator==(QuotaLimits const&, QuotaLimits const&) = default;
};

}  // namespace ocilot::meta
