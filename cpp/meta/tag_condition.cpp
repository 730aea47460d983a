#include "meta/tag_condition.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::meta {

bool TagCondition::Content::has(std::string_view digest) const {
    return !digest.empty() && (any || std::ranges::find(digests, digest) != digests.end());
}

bool TagCondition::holds(std::string_view digest) const {
    return (!match || match->has(digest)) && !(none_match && none_match->has(digest));
}

Result<> require(std::optional<TagCondition> const& condition, std::string_view what,
                 std::string_view digest) {
    if (!condition || condition->holds(digest)) return {};
    auto const why = digest.empty() ? "does not exist" : "does not match the condition";
    return Error{
        Errc::precondition_failed,
        fmt::format("{} {} (If-Match, If-None-Match); nothing was changed: fetch it and retry", what, why)};
}

}  // namespace ocilot::meta
