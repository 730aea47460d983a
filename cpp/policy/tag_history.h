#pragma once

#include "base/clock.h"
#include "oci/descriptor.h"
#include "oci/name.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::policy {

/// A tag, as a hook sees it that decides what is kept.
struct TagRecord {
    std::string name;
    oci::Digest digest;
    std::string media_type = {};
    std::string artifact_type = {};
    std::uint64_t size = 0;  ///< bytes of the image: manifests, configurations and layers, each once
    Time pushed_at{};        ///< when a client last set the tag
    oci::Annotations annotations = {};        ///< of the manifest
    std::vector<oci::Digest> manifests = {};  ///< below it, if it is an index
    std::optional<Time> pulled_at = {};       ///< nullopt: not known
    std::uint64_t pulls = 0;
};

/// The tags of a repository when a plan is made, the newest first, without those that stand for referrers.
struct TagHistory {
    oci::RepositoryName repository;
    Time at{};  ///< when the plan is made: ages count from here
    std::vector<TagRecord> tags = {};
    std::vector<std::string> aliases = {};  ///< other names under which it can be pulled
};

/// A tag that a hook keeps.
struct KeptTag {
    std::string tag;
    std::string by = {};  ///< the script
};

}  // namespace ocilot::policy
