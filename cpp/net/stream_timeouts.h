#pragma once

#include <chrono>

namespace ocilot::net {

/// How long the other side of a stream is waited for; zero = without a limit.
struct StreamTimeouts {
    /// Without a byte that arrives, or that the other side acknowledges. Progress renews it.
    std::chrono::milliseconds stall{0};
    /// In all, whatever moves.
    std::chrono::milliseconds total{0};
};

}  // namespace ocilot::net
