#pragma once

#include "http/core/context.h"
#include "http/core/message.h"

namespace ocilot::http {

/// `GET /api/v1/usage?by=caller`: what callers are charged for in all repositories, a page at a time.
Task<Result<Response>> usage_of_callers(Context const& context);

}  // namespace ocilot::http
