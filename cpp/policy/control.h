#pragma once

#include "base/result.h"
#include "base/task.h"

#include <string>

namespace ocilot::policy {

/// What an operator asks of whoever runs the hooks. The answers are JSON texts of theirs. not_found if nobody
/// runs hooks here; unavailable if no answer came in time.
class HookControl {
  public:
    virtual ~HookControl() = default;
    /// Which scripts are in force, and how they fare.
    virtual Task<Result<std::string>> status() = 0;
    /// Loads the scripts again; the answer says whether that worked, and if not the old ones stay in force.
    virtual Task<Result<std::string>> reload() = 0;
};

}  // namespace ocilot::policy
