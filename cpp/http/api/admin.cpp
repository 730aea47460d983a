#include "http/api/admin.h"

#include "base/quote.h"
#include "oci/media_type.h"
#include "registry/actor.h"

#include <charconv>
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

Result<std::optional<bool>> query_flag(Query const& query, Field const& field) {
    auto const text = query.first(field.name);
    if (!text) return std::optional<bool>();
    if (*text == "true") return std::optional(true);
    if (*text == "false") return std::optional(false);
    return Error{Errc::bad_request, fmt::format("invalid parameter {}: expected true or false", field.name)};
}

Result<std::optional<std::int64_t>> query_before(Query const& query) {
    auto const text = query.first(before_id.name);
    if (!text) return std::optional<std::int64_t>();
    std::int64_t id = 0;
    auto const end = text->data() + text->size();
    auto const [stopped, problem] = std::from_chars(text->data(), end, id);
    if (problem != std::errc{} || stopped != end || id <= 0) {
        return Error{Errc::bad_request,
                     fmt::format("invalid entry id {}: expected a positive number", quote(*text))};
    }
    return std::optional(id);
}

Task<Result<>> note_job(Context const& context, meta::ChangeKind kind, std::string_view job) {
    std::vector<meta::Change> changes(1);
    changes[0].at = context.registry.clock.now();
    changes[0].kind = kind;
    changes[0].by = registry::actor_of(context.caller);
    changes[0].name = job;
    co_return co_await context.registry.meta.journal().append(std::move(changes));
}

}  // namespace ocilot::http
