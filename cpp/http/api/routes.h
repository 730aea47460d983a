#pragma once

#include "http/core/route.h"

#include <span>

namespace ocilot::http {

// The routes of the administration API below `/api/v1/`, one table a resource, each in the file of its
// handlers.

[[nodiscard]] std::span<Endpoint const> account_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> account_token_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> audit_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> access_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> key_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> job_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> hook_routes() noexcept;

}  // namespace ocilot::http
