#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ocilot::server {

/// A limit of the rate of requests (`ocilot.ratelimits`).
struct RateLimitRule {
    std::vector<std::string> classes;  ///< words of auth::RequestClass
    std::string who = "everyone";      ///< or `anonymous`, `named`
    bool per_address = false;
    std::uint64_t requests = 0;
    std::chrono::seconds window{60};
};

}  // namespace ocilot::server
