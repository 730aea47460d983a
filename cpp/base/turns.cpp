#include "base/turns.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace ocilot {

namespace {

// ns that the scheduler gives.
constexpr std::uint64_t shortest = 100'000;
constexpr std::uint64_t longest = 100'000'000;
constexpr std::uint64_t as_it_likes = 0;

std::uint64_t length_of(Turns turns) {
    switch (turns) {
        case Turns::brief:
            return shortest;
        case Turns::patient:
            return longest;
        case Turns::usual:
            break;
    }
    return as_it_likes;
}

/// The first version of `struct sched_attr`; the kernel's header of it and the C library's exclude each
/// other.
struct Attributes {
    std::uint32_t size = sizeof(Attributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;  ///< ns of a turn
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
};

}  // namespace

void take_turns(Turns turns) noexcept {
    constexpr long this_thread = 0;
    constexpr unsigned no_flags = 0;
    Attributes attributes;
    // Its policy and its nice value stay as the user has set them.
    if (::syscall(SYS_sched_getattr, this_thread, &attributes, sizeof attributes, no_flags) != 0) return;
    attributes.runtime = length_of(turns);
    static_cast<void>(::syscall(SYS_sched_setattr, this_thread, &attributes, no_flags));
}

}  // namespace ocilot
