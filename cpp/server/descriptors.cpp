#include "server/descriptors.h"

#include <algorithm>
#include <cerrno>
#include <sys/resource.h>

namespace ocilot::server {

namespace {

constexpr std::uint64_t of_the_stores = 128;  // Descriptors.

}  // namespace

Result<std::uint64_t> raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return system_error(errno, "cannot read the limit of open files");
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &limit) < 0)
            return system_error(errno, "cannot raise the limit of open files");
    }
    return std::uint64_t{limit.rlim_cur};
}

std::size_t connections_within(std::uint64_t descriptors) noexcept {
    auto const left = descriptors > of_the_stores ? descriptors - of_the_stores : 0;
    return static_cast<std::size_t>(std::max<std::uint64_t>(left / 2, 1));
}

}  // namespace ocilot::server
