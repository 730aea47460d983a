#pragma once

#include "base/result.h"
#include "base/task.h"
#include "http/core/message.h"

#include <cstddef>
#include <string>

namespace ocilot::http {

/// The whole body of a manifest push, at most `limit` bytes. manifest_too_large before anything is read if
/// the length is known to be larger, else as soon as more has come; unavailable if requests hold all the
/// memory that they may.
Task<Result<std::string>> read_body(Request const& request, std::size_t limit);

/// The whole body of a form or of a JSON document of our own API, at most 64 KiB; body_too_large.
Task<Result<std::string>> read_small_body(Request const& request);

}  // namespace ocilot::http
