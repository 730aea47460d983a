#include "oci/platform.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ocilot::oci {

namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_word = 64;
constexpr std::size_t most_platforms = 100;

/// Nothing that is nested deeper is kept: a configuration is not checked when it is pushed.
Json parse_to_depth(std::string_view text, int deepest) {
    auto const keep = [deepest](int depth, Json::parse_event_t, Json const&) { return depth <= deepest; };
    return Json::parse(text, keep, false);
}

/// A member that is a short text; empty if there is none.
std::string word(Json const& object, char const* name) {
    auto const found = object.find(name);
    if (found == object.end() || !found->is_string()) return {};
    auto text = found->get<std::string>();
    return text.size() > longest_word ? std::string() : text;
}

void add_platform(std::vector<std::string>& list, Json const& object) {
    if (!object.is_object() || list.size() == most_platforms) return;
    auto const os = word(object, "os");
    auto const architecture = word(object, "architecture");
    if (os.empty() || architecture.empty() || os == "unknown") return;
    auto text = os + '/' + architecture;
    if (auto const variant = word(object, "variant"); !variant.empty()) text += '/' + variant;
    if (std::ranges::find(list, text) == list.end()) list.push_back(std::move(text));
}

}  // namespace

std::vector<std::string> platforms_of_index(std::string_view index) {
    std::vector<std::string> found;
    constexpr int depth_of_values = 4;  // Of the object, the list, the descriptor, the platform.
    auto const document = parse_to_depth(index, depth_of_values);
    if (!document.is_object()) return found;
    auto const manifests = document.find("manifests");
    if (manifests == document.end() || !manifests->is_array()) return found;
    for (auto const& descriptor : *manifests) {
        if (!descriptor.is_object()) continue;
        auto const platform = descriptor.find("platform");
        if (platform != descriptor.end()) add_platform(found, *platform);
    }
    return found;
}

std::vector<std::string> platforms_of_config(std::string_view config) {
    std::vector<std::string> found;
    add_platform(found, parse_to_depth(config, 1));
    return found;
}

bool is_image_config(std::string_view media_type) noexcept {
    return media_type == "application/vnd.oci.image.config.v1+json" ||
           media_type == "application/vnd.docker.container.image.v1+json";
}

}  // namespace ocilot::oci
