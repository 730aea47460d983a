#include "http/core/json_members.h"

#include "base/quote.h"
#include "http/core/header.h"
#include "http/core/read_body.h"
#include "jose/strict_json.h"
#include "oci/media_type.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::http {

namespace {

using Json = nlohmann::json;

Error bad_member(std::string_view name, std::string_view what) {
    return {Errc::bad_request, fmt::format("invalid field {}: expected {}", name, what)};
}

/// Pages of other origins can make a browser send a form or plain text without asking, but not JSON.
bool is_json(Request const& request) noexcept {
    auto type = request.header("Content-Type").value_or(std::string_view{});
    return same_token(trimmed(cut(type, ';')), oci::media_type::json);
}

}  // namespace

JsonMembers::JsonMembers(Json object) : object_(std::make_unique<Json>(std::move(object))) {}
JsonMembers::JsonMembers(JsonMembers&&) noexcept = default;
JsonMembers& JsonMembers::operator=(JsonMembers&&) noexcept = default;
JsonMembers::~JsonMembers() = default;

Task<Result<JsonMembers>> JsonMembers::of_body(Request const& request) {
    if (!is_json(request)) {
        co_return Error{Errc::bad_request, "expected a JSON object with Content-Type: application/json"};
    }
    CO_TRY(auto const body, co_await read_small_body(request));
    auto object = jose::parse_strict_object(body);
    if (object.has_error()) {
        co_return Error{Errc::bad_request, fmt::format("invalid request body: {}", object.error().message)};
    }
    co_return JsonMembers(std::move(*object));
}

std::unique_ptr<Json> JsonMembers::take(std::string_view name) {
    auto const found = object_->find(name);
    if (found == object_->end()) return nullptr;
    auto value = std::make_unique<Json>(std::move(*found));
    object_->erase(found);
    return value;
}

Result<std::optional<std::string>> JsonMembers::text(std::string_view name) {
    auto const value = take(name);
    if (!value) return std::optional<std::string>();
    if (!value->is_string()) return bad_member(name, "a string");
    return std::optional(value->get<std::string>());
}

Result<std::optional<std::string>> JsonMembers::text_or_null(std::string_view name) {
    auto const value = take(name);
    if (!value) return std::optional<std::string>();
    if (value->is_null()) return std::optional(std::string());
    if (!value->is_string() || value->get_ref<std::string const&>().empty()) {
        return bad_member(name, "a non-empty string, or null for none");
    }
    return std::optional(value->get<std::string>());
}

Result<std::optional<bool>> JsonMembers::flag(std::string_view name) {
    auto const value = take(name);
    if (!value) return std::optional<bool>();
    if (!value->is_boolean()) return bad_member(name, "true or false");
    return std::optional(value->get<bool>());
}

Result<std::optional<std::int64_t>> JsonMembers::number(std::string_view name) {
    auto const value = take(name);
    if (!value) return std::optional<std::int64_t>();
    constexpr std::uint64_t greatest = std::uint64_t{1} << 53;  // Beyond, not all readers of JSON agree.
    bool const fits = value->is_number_unsigned() && value->get<std::uint64_t>() <= greatest;
    if (!fits) return bad_member(name, "a whole number, at least 0");
    return std::optional(value->get<std::int64_t>());
}

Result<std::optional<std::vector<std::string>>> JsonMembers::texts(std::string_view name) {
    auto const value = take(name);
    if (!value) return std::optional<std::vector<std::string>>();
    if (!value->is_array()) return bad_member(name, "a list of strings");
    std::vector<std::string> found;
    for (auto const& item : *value) {
        if (!item.is_string()) return bad_member(name, "a list of strings");
        found.push_back(item.get<std::string>());
    }
    return std::optional(std::move(found));
}

std::optional<std::string> JsonMembers::json(std::string_view name) {
    auto const value = take(name);
    if (!value) return std::nullopt;
    return value->dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string JsonMembers::rest() {
    auto const left = std::exchange(*object_, Json::object());
    return left.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> JsonMembers::required_text(std::string_view name) {
    TRY(auto found, text(name));
    if (!found) return Error{Errc::bad_request, fmt::format("missing field {}", name)};
    return std::move(*found);
}

Result<> JsonMembers::reject_unknown() const {
    if (object_->empty()) return {};
    return Error{Errc::bad_request,
                 fmt::format("unknown field {}; check its spelling", quote(object_->begin().key()))};
}

}  // namespace ocilot::http
