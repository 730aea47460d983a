#pragma once

#include <string>

namespace ocilot::net {

/// Takes everything off OpenSSL's error queue of this thread and answers the reason of the newest entry.
[[nodiscard]] std::string take_tls_reason();

}  // namespace ocilot::net
