#pragma once

#include "base/task.h"
#include "jobs/delivery_answer.h"
#include "meta/change.h"

#include <cstddef>
#include <span>
#include <string>

namespace ocilot::jobs {

/// Whom changes are delivered to.
class Receiver {
  public:
    virtual ~Receiver() = default;
    /// Whether there is anything to deliver of a change.
    [[nodiscard]] virtual bool wants(meta::Change const& change) const = 0;
    /// Changes that it takes at once, at least one.
    [[nodiscard]] virtual std::size_t batch() const noexcept = 0;
    /// Delivers changes that it wants, all or none as far as it can be known. `replay`: they were parked.
    virtual Task<DeliveryAnswer> deliver(std::span<meta::Change const> changes, bool replay) = 0;
};

}  // namespace ocilot::jobs
