#pragma once

#include "http/core/context.h"

#include <string>

namespace ocilot::http {

/// Value of `Cache-Control` for content that never changes under its digest. `private` unless the answer is
/// the same for everyone: a shared cache must not hand what one caller may read to others (RFC 9111
/// §5.2.2.7).
[[nodiscard]] std::string immutable_content(Context const& context);

/// The same for what may change: to be asked for again before each use.
[[nodiscard]] std::string mutable_content(Context const& context);

}  // namespace ocilot::http
