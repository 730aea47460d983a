#pragma once

#include "base/result.h"
#include "server/settings/settings.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace ocilot::hookbox {
struct HookBox;
}

namespace ocilot::server {

/// A whole registry: all parts joined, listening, with its own threads. What Python starts and stops.
class Server {
  public:
    /// Opens the store, the metadata and the sockets, and serves. config with one clear sentence if the
    /// directory, the address, the certificate or the settings do not allow it.
    static Result<std::unique_ptr<Server>> start(Settings settings);
    /// Stops at once if stop() was not called.
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    /// Host and port really bound, `127.0.0.1:5000`; empty and 0 if there is only the control socket.
    [[nodiscard]] std::string address() const;
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// Same for the debug address; empty and 0 without one.
    [[nodiscard]] std::string debug_address() const;
    /// Path of the control socket; empty without one.
    [[nodiscard]] std::string control_socket() const;
    /// Absolute path of the data directory; empty for an in-memory registry.
    [[nodiscard]] std::string const& root() const noexcept;

    /// Whether the metadata have accounts, in force or not; nullopt if they cannot be read.
    [[nodiscard]] std::optional<bool> has_accounts();

    /// Where the questions to hooks wait for whoever answers them; closed at the end of stop().
    [[nodiscard]] hookbox::HookBox& hooks() noexcept;

    /// Reads certificate and key again; config if they do not fit, and the old ones stay in force. A failure
    /// is logged.
    Result<> reload_tls();

    /// Puts other rules of access in force; config if they are no rules, and the old ones stay.
    Result<> reload_access(AccessSettings const& settings);

    /// Notes in log and metrics why the rules could not even be read; the old ones stay in force.
    void note_failed_reload(std::string const& reason);

    /// Writes to standard error as the log does: waits for no reader.
    void print(std::string const& text);

    /// From now on `/readyz` answers 503, so that load balancers go elsewhere; everything else is served on.
    /// `cause` is for the log.
    void leave(std::string const& cause);

    /// Stops listening, lets requests under way end for at most the drain time, then stops. Blocks, but for
    /// no reader of the log. Once only.
    void stop(std::string const& cause = {});

  private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace ocilot::server
