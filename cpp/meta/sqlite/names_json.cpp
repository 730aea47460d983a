#include "meta/sqlite/names_json.h"

#include "meta/sqlite/values.h"

#include <nlohmann/json.hpp>

namespace ocilot::meta {

Result<std::string> names_to_json(std::vector<std::string> const& names) {
    try {
        return nlohmann::json(names).dump();
    } catch (nlohmann::json::exception const& problem) {
        return Error{Errc::internal, std::string("a list of names cannot be stored: ") + problem.what()};
    }
}

Result<std::vector<std::string>> names_from_json(std::string_view text) {
    auto const list = nlohmann::json::parse(text, nullptr, false);
    if (!list.is_array()) return damaged("list of names");
    std::vector<std::string> names;
    for (auto const& name : list) {
        if (!name.is_string()) return damaged("list of names");
        names.push_back(name.get<std::string>());
    }
    return names;
}

}  // namespace ocilot::meta
