#pragma once

#include "http/core/route.h"

#include <span>

namespace ocilot::http {

// The routes of the distribution API and of its token server, one table a resource, each in the file of its
// handlers.

[[nodiscard]] std::span<Endpoint const> base_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> catalog_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> tag_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> manifest_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> referrer_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> upload_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> blob_routes() noexcept;
[[nodiscard]] std::span<Endpoint const> token_routes() noexcept;

}  // namespace ocilot::http
