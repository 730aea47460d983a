#include "events/registry_url.h"

#include <fmt/format.h>

namespace ocilot::events {

std::string registry_url(Event const& event, Source const& source) {
    auto url = source.url;
    while (url.ends_with('/')) url.pop_back();
    if (url.empty() && !event.host.empty()) {
        url = fmt::format("{}://{}", event.scheme.empty() ? "http" : event.scheme, event.host);
    }
    std::string_view prefix = source.prefix;
    while (prefix.starts_with('/')) prefix.remove_prefix(1);
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    if (!url.empty() && !prefix.empty()) url += fmt::format("/{}", prefix);
    return url;
}

}  // namespace ocilot::events
