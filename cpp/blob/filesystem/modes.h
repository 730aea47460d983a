#pragma once

#include <sys/types.h>

namespace ocilot::blob {

// What other users must not see, and a group may; the umask takes more away.
inline constexpr mode_t directory_mode = 0750;
inline constexpr mode_t file_mode = 0640;

}  // namespace ocilot::blob
