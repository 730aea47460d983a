#include "meta/quota_exceeded.h"

#include "base/counted.h"

#include <fmt/format.h>

namespace ocilot::meta {

namespace {

std::string remedy(QuotaHolder const& holder) {
    auto const whose = holder.is_caller ? fmt::format(" of {}, in any repository,", holder.shown) : "";
    return fmt::format(
        "delete tags and manifests{} that are not needed, or ask an administrator for a larger quota", whose);
}

}  // namespace

QuotaHolder QuotaHolder::repository(std::string_view name) {
    return {fmt::format("repository {}", name), false};
}

QuotaHolder QuotaHolder::caller(std::string_view charged) {
    auto const colon = charged.find(':');
    if (colon == charged.npos) return {fmt::format("{} callers", charged), true};
    return {fmt::format("{} {}", charged.substr(0, colon), charged.substr(colon + 1)), true};
}

Error bytes_exceeded(QuotaHolder const& holder, std::uint64_t allowed, std::uint64_t used,
                     std::uint64_t more) {
    return {Errc::quota_exceeded, fmt::format("the quota of {} is {}; {} used, and {} sent; {}", holder.shown,
                                              counted_bytes(allowed), counted(used, "byte is", "bytes are"),
                                              counted(more, "more was", "more were"), remedy(holder))};
}

Error tags_exceeded(QuotaHolder const& holder, std::uint64_t allowed, std::uint64_t used) {
    return {Errc::quota_exceeded,
            fmt::format("the quota of {} is {}; {} used; {}", holder.shown, counted(allowed, "tag", "tags"),
                        counted(used, "is", "are"), remedy(holder))};
}

}  // namespace ocilot::meta
