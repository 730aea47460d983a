#include "registry/list_tag_rows.h"

#include "registry/platforms_of.h"

#include <utility>

namespace ocilot::registry {

Task<Result<TagDetailsPage>> list_tag_rows(Registry& registry, oci::RepositoryName const& repository,
                                           meta::TagQuery query) {
    auto& admin = registry.meta.catalog().admin();
    CO_TRY(auto found, co_await admin.tags(repository, std::move(query)));
    TagDetailsPage page{.items = {}, .next = std::move(found.next)};
    page.items.reserve(found.items.size());
    for (auto& row : found.items) {
        // A list shows the tags of damaged images, too.
        auto platforms = co_await platforms_of(registry, row.digest, row.media_type);
        page.items.push_back({std::move(row), std::move(platforms)});
    }
    co_return page;
}

}  // namespace ocilot::registry
