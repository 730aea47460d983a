#pragma once

#include "base/error.h"

#include <string>

namespace ocilot::jose {

/// A key that is not accepted, and why. Takes away what OpenSSL has queued about it.
Error unusable_key(std::string why);

}  // namespace ocilot::jose
