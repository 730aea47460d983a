#pragma once

#include "base/result.h"
#include "http/core/schema.h"

#include <span>

namespace ocilot::http {

class Query;

/// What a method of an endpoint accepts besides the repository in its path. A parameter that is not here is
/// refused before the handler is called, and the OpenAPI document is made of it: there is no second list.
struct Operation {
    Field const* item = nullptr;  ///< what `<item>` stands for; null: the path has none
    std::span<Field const> query = {};
    Schema const* body = nullptr;        ///< JSON; null: none is read
    bool for_retention_readers = false;  ///< also for callers in AppParts::retention_readers
};

/// bad_request for a parameter that the operation has not, that is missing, none of its choices, or repeated
/// and not a list.
/// Whatever else a parameter must be, who parses it checks.
[[nodiscard]] Result<> check_parameters(Operation const& operation, Query const& query);

}  // namespace ocilot::http
