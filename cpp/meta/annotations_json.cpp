#include "meta/annotations_json.h"

#include <nlohmann/json.hpp>

namespace ocilot::meta {

Result<std::string> annotations_to_json(oci::Annotations const& annotations) {
    auto object = nlohmann::json::object();
    for (auto const& [key, value] : annotations) object[key] = value;
    try {
        return object.dump();
    } catch (nlohmann::json::exception const& problem) {
        return Error{Errc::internal, std::string("annotations cannot be stored: ") + problem.what()};
    }
}

Result<oci::Annotations> annotations_from_json(std::string_view text) {
    auto const object = nlohmann::json::parse(text, nullptr, false);
    Error const damaged{Errc::io,
                        "the metadata database holds damaged annotations; restore it from a backup"};
    if (!object.is_object()) return damaged;
    oci::Annotations annotations;
    for (auto const& [key, value] : object.items()) {
        if (!value.is_string()) return damaged;
        annotations.emplace(key, value.get<std::string>());
    }
    return annotations;
}

}  // namespace ocilot::meta
