#include "base/random.h"

#include <cerrno>
#include <sys/random.h>
#include <system_error>

namespace ocilot {

void SystemRandom::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        auto const got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace ocilot
