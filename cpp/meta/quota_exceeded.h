#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::meta {

/// Whose quota it is, for people: `repository team/app`, `user alice`, `anonymous callers`.
struct QuotaHolder {
    std::string shown;
    bool is_caller = false;

    static QuotaHolder repository(std::string_view name);
    /// By what `charged_to` answers.
    static QuotaHolder caller(std::string_view charged);
};

/// quota_exceeded, with what is allowed, what is used and what to do.
[[nodiscard]] Error bytes_exceeded(QuotaHolder const& holder, std::uint64_t allowed, std::uint64_t used,
                                   std::uint64_t more);
[[nodiscard]] Error tags_exceeded(QuotaHolder const& holder, std::uint64_t allowed, std::uint64_t used);

}  // namespace ocilot::meta
