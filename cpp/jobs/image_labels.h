#pragma once

#include "auth/lru_cache.h"
#include "jobs/round.h"
#include "registry/registry.h"
#include "retention/repository.h"

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace ocilot::jobs {

/// What the configuration of an image says.
struct ImageConfig {
    bool is_image = false;         ///< not an artifact or an attestation
    oci::Annotations labels = {};  ///< as `LABEL` in a Dockerfile sets them
};
/// What was read lately, by the digest of the manifest.
using ImageConfigs = auth::LruCache<std::shared_ptr<ImageConfig const>>;
inline constexpr std::size_t kept_image_configs = 10'000;

/// Labels by their names.
using LabelKeys = std::set<std::string, std::less<>>;

/// Reads these labels of the images that have a tag. An index has those that all its images have. Where a
/// configuration is larger than 1 MiB, or these labels than 4 KiB, or where one cannot be read, as of an
/// index without any of its images, they stay unread.
Task<Result<>> read_labels(registry::Registry& registry, ImageConfigs& known, LabelKeys const& keys,
                           retention::Repository& repository, Round const& round);

}  // namespace ocilot::jobs
