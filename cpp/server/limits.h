#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ocilot::server {

/// What one connection may cost.
struct Limits {
    std::size_t head = 64 * 1024;                 ///< bytes of a request head
    std::size_t request_line = 16 * 1024;         ///< bytes of its first line
    std::chrono::milliseconds head_time{30'000};  ///< from the first byte of a head to its last
    std::chrono::milliseconds idle_time{
        180'000};                    ///< between two requests; longest pause in a body or an answer
    std::uint64_t body_rate = 1024;  ///< bytes a second a body has to average; 0: any
    std::chrono::milliseconds body_grace{30'000};  ///< that a body may take before it does
    std::uint64_t unread_body = 256 * 1024;        ///< bytes read and dropped to keep a connection
    std::chrono::milliseconds unread_time{5'000};  ///< for those
    std::uint64_t linger_bytes =
        16 * 1024 * 1024;  ///< bytes dropped after the last answer, so that it is seen
    std::chrono::milliseconds linger_time{2'000};  ///< for those
};

}  // namespace ocilot::server
