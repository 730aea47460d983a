#pragma once

#include "http/core/message.h"

#include <string>
#include <string_view>
#include <vector>

namespace ocilot::http {

/// Which web pages may read answers (`ocilot.cors`).
struct CorsSettings {
    std::vector<std::string> origins;  ///< `https://ui.example`; `*`: every page; empty: none
    bool credentials = false;  ///< whether pages may use the reader's credentials; never by way of `*`
};

/// The answer to a browser's question before a request (Fetch standard, "CORS-preflight request"); nullopt if
/// it is none, or one from a page that may not. Browsers send it without credentials.
[[nodiscard]] std::optional<Response> preflight(CorsSettings const& settings, Request const& request,
                                                std::string_view methods);

/// Adds what lets a listed page read the answer; a header that is there already stays.
void allow_origin(CorsSettings const& settings, Request const& request, Response& response);

}  // namespace ocilot::http
