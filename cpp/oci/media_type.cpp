#include "oci/media_type.h"

#include <algorithm>

namespace ocilot::oci {

namespace {

constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// `restricted-name` of RFC 6838 §4.2.
bool is_restricted_name(std::string_view text) noexcept {
    static constexpr std::string_view marks = "!#$&-^_.+";
    if (text.empty() || text.size() > 127 || !is_alphanumeric(text.front())) return false;
    return std::ranges::all_of(text,
                               [](char c) { return is_alphanumeric(c) || marks.find(c) != marks.npos; });
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string bare_media_type(std::string_view value) {
    static constexpr std::string_view blanks = " \t";
    value = value.substr(0, value.find(';'));
    auto const first = value.find_first_not_of(blanks);
    if (first == value.npos) return {};
    value = value.substr(first, value.find_last_not_of(blanks) - first + 1);
    auto const slash = value.find('/');
    if (slash == value.npos) return {};
    if (!is_restricted_name(value.substr(0, slash)) || !is_restricted_name(value.substr(slash + 1)))
        return {};
    std::string type(value);
    std::ranges::transform(type, type.begin(), lower);
    return type;
}

bool is_image_manifest(std::string_view type) noexcept {
    return type == media_type::oci_manifest || type == media_type::docker_manifest;
}

bool is_index(std::string_view type) noexcept {
    return type == media_type::oci_index || type == media_type::docker_list;
}

bool is_manifest(std::string_view type) noexcept {
    return is_image_manifest(type) || is_index(type);
}

bool is_non_distributable(std::string_view type) noexcept {
    return type.starts_with("application/vnd.oci.image.layer.nondistributable.") ||
           type.starts_with("application/vnd.docker.image.rootfs.foreign.");
}

}  // namespace ocilot::oci
