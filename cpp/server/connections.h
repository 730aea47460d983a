#pragma once

#include "base/result.h"

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace ocilot::server {

/// Counts the connections of one registry, in all and by client address, and says when there are too many.
/// Thread-safe. Outlives its seats.
class Connections {
  public:
    /// Zero: no limit.
    Connections(std::size_t most, std::size_t most_per_client) noexcept
        : most_(most), most_per_client_(most_per_client) {}

    /// The right to one connection, given back at the end of its life.
    class Seat {
      public:
        Seat(Connections& of, std::string client) noexcept : of_(&of), client_(std::move(client)) {}
        Seat(Seat&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)), client_(std::move(other.client_)) {}
        Seat& operator=(Seat&&) = delete;
        ~Seat() {
            if (of_ != nullptr) of_->leave(client_);
        }

      private:
        Connections* of_;
        std::string client_;  // Empty if clients are not counted.
    };

    /// unavailable if there are too many in all, too_many_requests if the client has too many. `client` is a
    /// numeric address without port.
    Result<Seat> enter(std::string_view client);

  private:
    void leave(std::string const& client);

    std::size_t const most_;
    std::size_t const most_per_client_;
    std::mutex mutex_;
    std::size_t all_ = 0;
    std::map<std::string, std::size_t, std::less<>> by_client_;
};

}  // namespace ocilot::server
