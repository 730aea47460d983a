#pragma once

#include "http/core/route.h"

namespace ocilot::http {

// The routes of the administration API below `/api/v1/`, one table a resource, each in the file of its
// handlers.

[[nodiscard]] RouteTable account_routes() noexcept;
[[nodiscard]] RouteTable account_token_routes() noexcept;
[[nodiscard]] RouteTable audit_routes() noexcept;
[[nodiscard]] RouteTable event_routes() noexcept;
[[nodiscard]] RouteTable access_routes() noexcept;
[[nodiscard]] RouteTable key_routes() noexcept;
[[nodiscard]] RouteTable job_routes() noexcept;
[[nodiscard]] RouteTable collection_routes() noexcept;
[[nodiscard]] RouteTable usage_routes() noexcept;
[[nodiscard]] RouteTable retention_routes() noexcept;
[[nodiscard]] RouteTable retention_policy_routes() noexcept;
[[nodiscard]] RouteTable hook_routes() noexcept;
[[nodiscard]] RouteTable open_upload_routes() noexcept;
[[nodiscard]] RouteTable repository_routes() noexcept;
[[nodiscard]] RouteTable repository_tag_routes() noexcept;
[[nodiscard]] RouteTable all_tags_routes() noexcept;
[[nodiscard]] RouteTable openapi_routes() noexcept;
[[nodiscard]] RouteTable webhook_routes() noexcept;

}  // namespace ocilot::http
