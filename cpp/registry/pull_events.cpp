#include "registry/pull_events.h"

#include "base/quote.h"

#include <fmt/format.h>

namespace ocilot::registry {

Result<PullEvents> parse_pull_events(std::string_view word) {
    if (word == "off") return PullEvents::off;
    if (word == "sampled") return PullEvents::sampled;
    if (word == "all") return PullEvents::all;
    return Error{Errc::config,
                 fmt::format("invalid events of pulls {}: expected off, sampled or all", quote(word))};
}

}  // namespace ocilot::registry
