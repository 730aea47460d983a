#pragma once

#include "base/error.h"
#include "oci/name.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ocilot::meta {

/// What a repository may hold; see Usage.
struct RepositoryLimits {
    std::optional<std::uint64_t> bytes = {};
    std::optional<std::uint64_t> tags = {};
    [[nodiscard]] bool any() const noexcept { return bytes.has_value() || tags.has_value(); }
};

/// quota_exceeded, with what is allowed, what is used and what to do.
[[nodiscard]] Error bytes_exceeded(std::string_view repository, std::uint64_t allowed, std::uint64_t used,
                                   std::uint64_t more);
[[nodiscard]] Error tags_exceeded(std::string_view repository, std::uint64_t allowed, std::uint64_t used);

}  // namespace ocilot::meta
