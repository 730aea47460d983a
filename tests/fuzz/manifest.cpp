#include "oci/manifest.h"

#include "oci/media_type.h"
#include "promise.h"
#include "targets.h"

#include <nlohmann/json.hpp>

namespace ocilot::fuzz {

namespace {

using Json = nlohmann::json;

std::size_t size_of(Json const& json, char const* list) {
    return json.contains(list) && json[list].is_array() ? json[list].size() : 0;
}

/// Another reader of the same text sees the same things.
void compare(oci::Manifest const& manifest, Json const& json) {
    promise(json.is_object() && json["schemaVersion"] == 2, "a manifest is an object of version 2");
    promise(manifest.layers.size() == size_of(json, "layers"), "no layer is lost");
    promise(manifest.manifests.size() == size_of(json, "manifests"), "no child is lost");
    if (manifest.config) {
        promise(manifest.config->digest.str() == json["config"]["digest"], "the config is the one named");
        promise(manifest.config->size == json["config"]["size"], "its size is the one named");
    }
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
        promise(manifest.layers[i].digest.str() == json["layers"][i]["digest"], "layers keep their order");
    }
    bool const subject = json.contains("subject") && !json["subject"].is_null();
    promise(manifest.subject.has_value() == subject, "a subject is not overlooked");
}

}  // namespace

void manifest(std::string_view input) {
    std::string as;
    for (auto const type : {std::string_view(), oci::media_type::oci_manifest, oci::media_type::oci_index,
                            oci::media_type::docker_manifest, oci::media_type::docker_list}) {
        auto const manifest = oci::parse_manifest(input, type);
        if (manifest.has_error()) {
            promise(manifest.error().code == Errc::manifest_invalid, "a bad manifest is manifest_invalid");
            continue;
        }
        promise(oci::is_manifest(manifest->media_type), "its type is that of a manifest");
        promise(type.empty() || manifest->media_type == type, "its type is the one it was sent with");
        bool const index = oci::is_index(manifest->media_type);
        promise(index ? !manifest->config && manifest->layers.empty()
                      : manifest->config && manifest->manifests.empty(),
                "it is an index or an image manifest, never both");
        promise(as.empty() || (as == "index") == index,
                "no body is an index for one and an image for another");
        as = index ? "index" : "image";
        auto const json = Json::parse(input);
        compare(*manifest, json);
        auto const again = oci::parse_manifest(json.dump(), type);
        promise(again.has_value() && again->media_type == manifest->media_type,
                "how the JSON is written does not matter");
    }
}

}  // namespace ocilot::fuzz
