#include "registry/platforms_of.h"

#include "oci/manifest.h"
#include "oci/media_type.h"
#include "oci/platform.h"
#include "registry/platform_cache.h"
#include "registry/read_whole.h"

#include <string_view>
#include <utility>

namespace ocilot::registry {

namespace {

constexpr std::uint64_t largest_config = 1024 * 1024;

/// Not by way of the cache of manifests: a list of all tags would throw out what is pulled.
Task<Result<std::string>> read_stored(Registry& registry, oci::Digest digest, std::uint64_t limit) {
    CO_TRY(auto const blob, co_await registry.blobs.open(digest));
    if (blob->size() > limit) co_return std::string();
    co_return co_await read_whole(*blob, digest);
}

Task<Result<std::vector<std::string>>> read_platforms(Registry& registry, oci::Digest const& digest,
                                                      std::string_view media_type) {
    CO_TRY(auto const bytes, co_await read_stored(registry, digest, registry.rules.manifest_limit));
    if (oci::is_index(media_type)) co_return oci::platforms_of_index(bytes);
    CO_TRY(auto const manifest, oci::parse_manifest(bytes, media_type, registry.rules.json));
    if (!manifest.config || !oci::is_image_config(manifest.config->media_type)) {
        co_return std::vector<std::string>();
    }
    CO_TRY(auto const config, co_await read_stored(registry, manifest.config->digest, largest_config));
    co_return oci::platforms_of_config(config);
}

}  // namespace

Task<std::vector<std::string>> platforms_of(Registry& registry, oci::Digest manifest,
                                            std::string media_type) {
    auto* const known = registry.platforms;
    if (known != nullptr) {
        if (auto found = known->find(manifest)) co_return *std::move(found);
    }
    auto read = co_await read_platforms(registry, manifest, media_type);
    if (read.has_error()) co_return std::vector<std::string>();
    if (known != nullptr) known->add(manifest, *read);
    co_return *std::move(read);
}

}  // namespace ocilot::registry
