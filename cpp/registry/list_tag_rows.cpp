#include "registry/list_tag_rows.h"

#include "oci/manifest.h"
#include "oci/media_type.h"
#include "oci/platform.h"
#include "registry/platform_cache.h"
#include "registry/read_whole.h"

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

Task<Result<std::vector<std::string>>> read_platforms(Registry& registry, meta::TagRow const& row) {
    CO_TRY(auto const bytes, co_await read_stored(registry, row.digest, registry.rules.manifest_limit));
    if (oci::is_index(row.media_type)) co_return oci::platforms_of_index(bytes);
    CO_TRY(auto const manifest, oci::parse_manifest(bytes, row.media_type, registry.rules.json));
    if (!manifest.config || !oci::is_image_config(manifest.config->media_type)) {
        co_return std::vector<std::string>();
    }
    CO_TRY(auto const config, co_await read_stored(registry, manifest.config->digest, largest_config));
    co_return oci::platforms_of_config(config);
}

}  // namespace

Task<Result<TagDetailsPage>> list_tag_rows(Registry& registry, oci::RepositoryName const& repository,
                                           meta::TagQuery query) {
    auto& admin = registry.meta.catalog().admin();
    CO_TRY(auto found, co_await admin.tags(repository, std::move(query)));
    TagDetailsPage page{.items = {}, .next = std::move(found.next)};
    page.items.reserve(found.items.size());
    for (auto& row : found.items) {
        std::optional<std::vector<std::string>> platforms;
        if (registry.platforms != nullptr) platforms = registry.platforms->find(row.digest);
        if (!platforms) {
            // A list shows the tags of damaged images, too.
            auto read = co_await read_platforms(registry, row);
            if (read.has_value()) {
                platforms = *std::move(read);
                if (registry.platforms != nullptr) registry.platforms->add(row.digest, *platforms);
            }
        }
        page.items.push_back({std::move(row), std::move(platforms).value_or(std::vector<std::string>())});
    }
    co_return page;
}

}  // namespace ocilot::registry
