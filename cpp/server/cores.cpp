#include "server/cores.h"

#include <algorithm>
#include <sched.h>
#include <thread>

namespace ocilot::server {

unsigned usable_cores() noexcept {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
        return std::max(static_cast<unsigned>(CPU_COUNT(&allowed)), 1U);
    }
    return std::max(std::thread::hardware_concurrency(), 1U);  // More cores than the mask has room for.
}

}  // namespace ocilot::server
