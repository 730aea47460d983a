#pragma once

#include "http/core/route.h"

namespace ocilot::http {

// The routes of the distribution API and of its token server, one table a resource, each in the file of its
// handlers.

[[nodiscard]] RouteTable base_routes() noexcept;
[[nodiscard]] RouteTable catalog_routes() noexcept;
[[nodiscard]] RouteTable tag_routes() noexcept;
[[nodiscard]] RouteTable manifest_routes() noexcept;
[[nodiscard]] RouteTable referrer_routes() noexcept;
[[nodiscard]] RouteTable upload_routes() noexcept;
[[nodiscard]] RouteTable blob_routes() noexcept;
[[nodiscard]] RouteTable token_routes() noexcept;

}  // namespace ocilot::http
