#include "http/api/admin.h"

#include "oci/media_type.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::http {

Result<> check_administrable(Context const& context) {
    if (context.account_manager == nullptr)
        return Error{Errc::not_found, "the administration API is not available"};
    return {};
}

Response json_response(unsigned status, nlohmann::ordered_json const& document) {
    Response response{.status = status};
    response.set("Cache-Control", "no-store");
    // What is not UTF-8, a name that somebody tried for example, must not keep the rest from being seen.
    response.text(oci::media_type::json,
                  document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return response;
}

nlohmann::ordered_json json_time(std::optional<Time> const& time) {
    if (!time) return nullptr;
    return rfc3339(*time);
}

Result<std::optional<bool>> query_flag(Query const& query, std::string_view name) {
    auto const text = query.first(name);
    if (!text) return std::optional<bool>();
    if (*text == "true") return std::optional(true);
    if (*text == "false") return std::optional(false);
    return Error{Errc::bad_request, fmt::format("invalid parameter {}: expected true or false", name)};
}

}  // namespace ocilot::http
