#pragma once

#include "base/log.h"
#include "server/request_parser.h"

#include <atomic>
#include <string_view>

namespace ocilot::server {

/// Warns of the first request with forwarded headers that have no effect: a proxy that is not trusted shows
/// as wrong URLs and one address for all clients, and nothing else. Once in the life of the process, as any
/// client can send them. Thread-safe.
class ForwardedWarning {
  public:
    explicit ForwardedWarning(Log const& log) noexcept : log_(log) {}

    /// `peer` is the address of the connection. Nothing in the headers of such a request is believed.
    void check_untrusted(std::string_view peer, RequestHead const& request) noexcept {
        if (!done_.load(std::memory_order_relaxed)) check(peer, request, false);
    }
    /// The same for one whose headers name the registry's URL, but no client.
    void check_unnamed(std::string_view peer, RequestHead const& request) noexcept {
        if (!done_.load(std::memory_order_relaxed)) check(peer, request, true);
    }

  private:
    void check(std::string_view peer, RequestHead const& request, bool only_clients) noexcept;

    Log const& log_;
    std::atomic<bool> done_{false};
};

}  // namespace ocilot::server
