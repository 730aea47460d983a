#pragma once

#include "base/task.h"
#include "net/conn.h"
#include "net/deadline.h"

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace ocilot::net {

/// Connections of HTTP clients that wait for the next request, kept with their I/O context: a service of it,
/// so that they go when it goes. Used on its thread.
class HttpConnectionPool final : public asio::io_context::service {
  public:
    static inline asio::io_context::id id;  // Asio finds a service by it.

    /// What two connections have in common that may serve the same requests.
    struct Key {
        std::shared_ptr<void const> client;  ///< its trust, proxies and policies
        std::string route;                   ///< origin and proxy

        friend bool operator==(Key const&, Key const&) = default;
    };
    struct Limits {
        std::size_t per_route = 16;
        std::chrono::milliseconds age{55'000};  ///< shorter than the patience of most servers
    };

    static HttpConnectionPool& of(Executor const& executor);
    explicit HttpConnectionPool(asio::io_context& context);

    /// The connection that was put here last, if it is still open and silent; else null.
    std::unique_ptr<Conn> take(Key const& wanted);
    /// Keeps it for later, and closes the oldest one if these are too many.
    void put(Key of, std::unique_ptr<Conn> conn, Limits const& limits);
    /// Closes all, and leaves nothing that would keep the context running.
    void close();
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

  private:
    using Ticks = std::chrono::steady_clock;
    struct Waiting {
        Key key;
        std::unique_ptr<Conn> conn;
        Ticks::time_point until;
    };

    void shutdown() override { close(); }
    void sweep();
    [[nodiscard]] std::chrono::milliseconds until_next() const;

    Executor executor_;
    std::list<Waiting> waiting_;        // Oldest first.
    std::optional<Deadline> sweeping_;  // While any waits: its timer keeps the context running.
};

}  // namespace ocilot::net
