#include "jobs/add_platforms.h"

#include "oci/media_type.h"
#include "registry/platforms_of.h"

#include <utility>

namespace ocilot::jobs {

namespace {

bool is_of_pushed_image(events::Event const& event) {
    using events::Action;
    bool const is_of_push = event.action == Action::manifest_pushed || event.action == Action::tag_created;
    return is_of_push && event.subject.empty() && oci::is_image_manifest(event.media_type);
}

}  // namespace

Task<> add_platforms(registry::Registry& registry, std::span<events::Event> events) {
    for (auto& event : events) {
        if (!is_of_pushed_image(event)) continue;
        auto const digest = oci::Digest::parse(event.digest);
        if (digest.has_error()) continue;
        auto platforms = co_await registry::platforms_of(registry, *digest, event.media_type);
        if (!platforms.empty()) event.platform = std::move(platforms.front());
    }
}

}  // namespace ocilot::jobs
