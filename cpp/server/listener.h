#pragma once

#include "base/task_group.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/tls_certificates.h"
#include "server/connections.h"
#include "server/idle_sessions.h"
#include "server/session_context.h"

#include <chrono>
#include <memory>
#include <unordered_set>

namespace ocilot::server {

class Session;

/// One listening socket on one I/O thread: accepts connections and serves each in a task of its own.
class Listener final : public Connections::IdleOwner {
  public:
    /// `certificates` is null for plain HTTP. `connections` gets the tasks and lives at least as long as
    /// this.
    Listener(net::Acceptor acceptor, net::TlsCertificates const* certificates, SessionContext context,
             TaskGroup& connections);

    ~Listener() override;
    Listener(Listener const&) = delete;
    Listener& operator=(Listener const&) = delete;

    [[nodiscard]] std::chrono::steady_clock::time_point oldest_idle() const noexcept override {
        return idle_.oldest();
    }
    void close_idle() override;

    /// Accepts until drained. No failure of one connection, and no lack of descriptors, ends it.
    Task<> run();

    /// Stops accepting and ends idle connections; busy ones end with their next answer.
    void drain();
    /// Ends all connections at once.
    void drop();

  private:
    /// False if there was none to accept for now.
    Task<bool> accept_one();
    Task<> serve(net::Socket socket);
    /// A slot; where all are taken, that of the longest idle connection.
    Task<Result<Connections::Slot>> find_slot(std::string client);
    Task<Result<std::unique_ptr<net::Conn>>> accept_stream(net::Socket socket,
                                                           std::chrono::milliseconds limit);
    Task<> reject(net::Socket socket, Error why);
    void note_handshake(Error const& why, std::string_view client);
    void note_refusal(Error const& why, std::string_view client);

    net::Acceptor acceptor_;
    net::TlsCertificates const* certificates_;
    SessionContext context_;
    TaskGroup& connections_;
    std::unordered_set<Session*> sessions_;
    IdleSessions idle_;
    std::size_t rejecting_ = 0;  // Connections being told that they are one too many.
    Time last_noted_{};
    std::uint64_t unnoted_ = 0;  // Refusals since then.
};

}  // namespace ocilot::server
