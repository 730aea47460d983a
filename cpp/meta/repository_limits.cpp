#include "meta/repository_limits.h"

#include <fmt/format.h>

namespace ocilot::meta {

namespace {

constexpr std::string_view remedy =
    "delete tags and manifests that are not needed, or ask an administrator for a larger quota";

}  // namespace

Error bytes_exceeded(std::string_view repository, std::uint64_t allowed, std::uint64_t used,
                     std::uint64_t more) {
    return {
        Errc::quota_exceeded,
        fmt::format("the quota of repository {} is {} bytes; it holds {} bytes, and {} more were sent; {}",
                    repository, allowed, used, more, remedy)};
}

Error tags_exceeded(std::string_view repository, std::uint64_t allowed, std::uint64_t used) {
    return {Errc::quota_exceeded, fmt::format("the quota of repository {} is {} tags; it has {}; {}",
                                              repository, allowed, used, remedy)};
}

}  // namespace ocilot::meta
