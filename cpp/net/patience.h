#pragma once

#include <chrono>

namespace ocilot::net {

/// How long the other side of a stream is waited for; zero = without a limit.
struct Patience {
    /// Without a byte that arrives, or that the other side acknowledges. Progress renews it.
    std::chrono::milliseconds silence{0};
    /// In all, whatever moves.
    std::chrono::milliseconds total{0};
};

}  // namespace ocilot::net
