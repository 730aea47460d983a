#pragma once

#include "meta/quota_limits.h"

namespace ocilot::meta {

/// What a push may fill: its repository, and what its caller is charged for (see `charged_to`). Limits of a
/// caller hold while callers are counted, see ContentReport::caller_usage.
struct PushLimits {
    QuotaLimits repository = {};
    QuotaLimits caller = {};
    [[nodiscard]] bool any() const noexcept { return repository.any() || caller.any(); }
    [[nodiscard]] bool bytes() const noexcept { return repository.bytes || caller.bytes; }
};

}  // namespace ocilot::meta
