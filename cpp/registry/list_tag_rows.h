#pragma once

#include "registry/registry.h"

#include <string>
#include <vector>

namespace ocilot::registry {

/// A tag, its image, and the platforms that this is for.
struct TagDetails {
    meta::TagRow row;
    std::vector<std::string> platforms = {};  ///< empty if it names none, or cannot be read
};
struct TagDetailsPage {
    std::vector<TagDetails> items = {};
    std::optional<meta::TagPlace> next = {};
};

/// A page of tags as a person looks at them. Reads a manifest of each, and a configuration unless it is an
/// index, at most once while it is remembered. name_unknown.
Task<Result<TagDetailsPage>> list_tag_rows(Registry& registry, oci::RepositoryName const& repository,
                                           meta::TagQuery query);

}  // namespace ocilot::registry
