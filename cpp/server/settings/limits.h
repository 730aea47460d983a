#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ocilot::server {

/// What clients may take at most.
struct LimitSettings {
    std::size_t header = 64 * 1024;          ///< bytes of a request head
    std::size_t manifest = 4 * 1024 * 1024;  ///< bytes
    std::chrono::seconds header_timeout{30};
    std::chrono::seconds idle_timeout{180};  ///< keep-alive; also the longest pause in a body
    std::chrono::seconds drain_timeout{30};  ///< for requests under way at SIGTERM
    std::chrono::seconds shutdown_delay{
        0};                               ///< from SIGTERM, when `/readyz` turns 503, to the end of listening
    std::uint64_t body_rate = 1024;       ///< bytes a second a body has to average; 0: any
    std::chrono::seconds body_grace{30};  ///< that a body may take before it does
    std::size_t connections = 16384;      ///< open ones; 0: any number
    std::size_t client_connections = 2048;  ///< same, of one client address (IPv6: of its /64)
    bool counts_trusted = false;            ///< whether that holds for loopback and trusted proxies, too
    std::size_t body_memory = 256 * 1024 * 1024;  ///< bytes of answers and bodies that requests hold; 0: any
    std::size_t upload_memory = 128 * 1024 * 1024;  ///< bytes of buffers of uploads being received; 0: any
    std::size_t json_depth = 64;                    ///< levels of nesting in a manifest
    std::size_t json_members = 0;                   ///< members of one object in a manifest; 0: any number
};

}  // namespace ocilot::server
