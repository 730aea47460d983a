#pragma once

#include "http/core/endpoint.h"

#include <span>
#include <string>

namespace ocilot::http {

/// The OpenAPI 3.1 document of the administration API, made of its rows in the route table. It lacks its
/// first brace and `servers`, which are the caller's: where the API is depends on the way to it.
[[nodiscard]] std::string openapi_document(std::span<Endpoint const> endpoints);

}  // namespace ocilot::http
