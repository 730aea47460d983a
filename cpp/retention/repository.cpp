#include "retention/repository.h"

#include <algorithm>

namespace ocilot::retention {

std::vector<std::string_view> Repository::hook_lists() const {
    std::vector<std::string_view> lists;
    for (auto const& [place, reference] : in_use) {
        if (!place.starts_with(hook_list_prefix)) continue;
        if (lists.empty() || lists.back() != place) lists.emplace_back(place);
    }
    return lists;
}

Index Repository::find_manifest(oci::Digest const& digest) const noexcept {
    auto const found = std::ranges::lower_bound(manifests, digest, {}, &ManifestEntry::digest);
    if (found == manifests.end() || found->digest != digest) return no_index;
    return static_cast<Index>(found - manifests.begin());
}

std::optional<oci::Digest> subject_of_tag(std::string_view tag) {
    constexpr std::string_view prefix = "sha256-";
    constexpr std::size_t hex = 64;
    if (!tag.starts_with(prefix) || tag.size() < prefix.size() + hex) return std::nullopt;
    auto const rest = tag.substr(prefix.size() + hex);
    if (!rest.empty() && rest.front() != '.') return std::nullopt;
    auto const digest = oci::Digest::parse("sha256:" + std::string(tag.substr(prefix.size(), hex)));
    return digest.has_value() ? std::optional(*digest) : std::nullopt;
}

}  // namespace ocilot::retention
