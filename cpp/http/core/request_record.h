#pragma once

#include "base/request_record.h"
#include "http/core/message.h"

#include <memory>

namespace ocilot::http {

/// What the log of changes keeps of a request. The last segment of the URL of an upload is left out: it is
/// sealed, and tells nothing.
[[nodiscard]] std::shared_ptr<RequestRecord const> record_of(Request const& request);

}  // namespace ocilot::http
