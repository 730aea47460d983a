#include "auth/access_claim.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::auth {

namespace {

using Json = nlohmann::json;

Error refused(std::string_view why) {
    return {Errc::unauthorized, fmt::format("token rejected: {}; log in again", why)};
}

bool is_list(Json const& json) noexcept {
    return json.is_array() || json.is_null();
}

/// A member that is a string, or is missing: then empty.
Result<std::string> text_of(Json const& object, char const* name) {
    auto const found = object.find(name);
    if (found == object.end()) return std::string();
    if (!found->is_string()) return refused(fmt::format("{} in claim access is not a string", name));
    return found->get<std::string>();
}

Result<Resource> resource_of(Json const& item) {
    if (!item.is_object() || !is_list(item.value("actions", Json())))
        return refused("claim access is not a list of objects with type, name and actions");
    Resource resource;
    TRY(resource.type, text_of(item, "type"));
    TRY(resource.name, text_of(item, "name"));
    for (auto const& action : item.value("actions", Json())) {
        if (!action.is_string()) return refused("an action in claim access is not a string");
        resource.add(action.get_ref<std::string const&>());
    }
    return resource;
}

}  // namespace

Result<std::vector<Resource>> access_claim(jose::Claims const& claims) {
    std::vector<Resource> access;
    auto const all = Json::parse(claims.json, nullptr, false);
    if (!all.is_object()) return refused("claims are not a JSON object");
    auto const found = all.find("access");
    if (found == all.end()) return access;
    if (!is_list(*found)) return refused("claim access is not a list");
    for (auto const& item : *found) {
        TRY(auto resource, resource_of(item));
        access.push_back(std::move(resource));
    }
    return access;
}

}  // namespace ocilot::auth
