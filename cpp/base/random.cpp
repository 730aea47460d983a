#include "base/random.h"

#include <algorithm>
#include <cerrno>
#include <sys/random.h>
#include <system_error>

namespace ocilot {

namespace {

void ask_system(std::span<std::byte> out) {
    while (!out.empty()) {
        auto const got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw std::system_error(errno, std::generic_category(), "getrandom");
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace

void SystemRandom::fill(std::span<std::byte> out) {
    if (out.size() > ahead_.size() / 4) return ask_system(out);
    std::lock_guard const lock(mutex_);
    if (left_ < out.size()) {
        ask_system(ahead_);
        left_ = ahead_.size();
    }
    auto const fresh = std::span(ahead_).last(left_).first(out.size());
    std::ranges::copy(fresh, out.begin());
    std::ranges::fill(fresh, std::byte{0});
    left_ -= out.size();
}

}  // namespace ocilot
