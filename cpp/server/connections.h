#pragma once

#include "base/result.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::server {

/// Counts the connections of one registry, in all and by client address, and says when there are too many.
/// Thread-safe. Outlives its slots.
class Connections {
  public:
    /// Zero: no limit. `counts_trusted`: whether the limit of a client holds for loopback and trusted
    /// proxies.
    Connections(std::size_t max, std::size_t max_per_client, bool counts_trusted = true) noexcept
        : max_(max), max_per_client_(max_per_client), counts_trusted_(counts_trusted) {}

    [[nodiscard]] bool counts_trusted() const noexcept { return counts_trusted_; }

    /// The right to one connection, given back at the end of its life.
    class Slot {
      public:
        Slot(Connections& of, std::string client) noexcept : of_(&of), client_(std::move(client)) {}
        Slot(Slot&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)), client_(std::move(other.client_)) {}
        Slot& operator=(Slot&&) = delete;
        ~Slot() { release(); }
        /// Before the end of its life, for a connection that is being closed.
        void release() {
            if (auto* const of = std::exchange(of_, nullptr)) of->leave(client_);
        }

      private:
        Connections* of_;
        std::string client_;  // Empty if clients are not counted.
    };

    /// unavailable if there are too many in all, too_many_requests if the client has too many. `client` is
    /// what an address counts as; empty: it counts in all only.
    Result<Slot> acquire(std::string_view client);

    /// Whoever has idle connections that can be closed for others.
    class IdleOwner {
      public:
        virtual ~IdleOwner() = default;
        /// Since when its longest idle connection is idle; the greatest time if none is. Any thread.
        [[nodiscard]] virtual std::chrono::steady_clock::time_point oldest_idle() const noexcept = 0;
        /// Closes that connection and gives up its slot, now or soon. Any thread.
        virtual void close_idle() = 0;
    };
    /// Both from one thread, before connections are taken and after the last has ended.
    void add(IdleOwner& one) { idle_owners_.push_back(&one); }
    void remove(IdleOwner& one) { std::erase(idle_owners_, &one); }
    /// Asks the one with the longest idle connection to close it; false if no connection is idle.
    bool evict_idle();

  private:
    void leave(std::string const& client);

    std::size_t const max_;
    std::size_t const max_per_client_;
    bool const counts_trusted_;
    std::mutex mutex_;
    std::size_t all_ = 0;
    std::map<std::string, std::size_t, std::less<>> by_client_;
    std::vector<IdleOwner*> idle_owners_;
};

}  // namespace ocilot::server
