#pragma once

#include "base/uuid.h"

#include <optional>

namespace ocilot::blob {

/// What the kernel calls its present run: another after every start of the machine, the same for all of its
/// processes. nullopt where it does not tell (no /proc).
[[nodiscard]] std::optional<Uuid> boot_id();

}  // namespace ocilot::blob
