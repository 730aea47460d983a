#pragma once

#include "net/conn.h"
#include "server/connections.h"
#include "server/head_scanner.h"
#include "server/idle_sessions.h"
#include "server/input_buffer.h"
#include "server/request_parser.h"
#include "server/session_context.h"

#include <memory>
#include <string>

namespace ocilot::server {

struct Framing;
struct SendResult;

/// One client connection: reads requests, hands them to the handler and writes the answers, one after the
/// other, in the order they came. Whatever cannot be understood gets an answer before the connection ends.
/// Lives on one I/O thread; holds little more than the connection between two requests.
class Session {
  public:
    Session(std::unique_ptr<net::Conn> conn, SessionContext& context);
    Session(Session const&) = delete;
    Session& operator=(Session const&) = delete;

    /// Serves until the client leaves, an answer closes the connection or it is dropped.
    Task<> run();

    /// Says why this connection is not served, and ends it; instead of run().
    Task<> reject(Error why);

    /// Ends an idle connection at once and a live body soon; a busy one ends with its next answer, by
    /// SessionContext::draining.
    void drain() noexcept;
    /// Its slot among the connections, which lives as long.
    void set_slot(Connections::Slot& slot) noexcept { slot_ = &slot; }
    /// Ends an idle connection at once and gives up its slot for another.
    void close_idle() noexcept;
    [[nodiscard]] IdleLink& idle_link() noexcept { return idle_link_; }
    /// Ends the connection at once; the request under way is not answered.
    void drop() noexcept;

  private:
    struct Exchange;

    Task<bool> wait_for_request();
    Task<bool> exchange();
    /// The next head, if all of it is here; else nothing.
    Result<std::string> take_head(HeadScanner& scanner);
    /// The next head when it has come.
    Task<Result<std::string>> read_head(HeadScanner& scanner);
    Task<bool> serve(Exchange& exchange);
    /// Whose request it is; warns of headers that name another and are not believed.
    void find_client(Exchange& exchange) const;
    /// Counts the memory of an answer, or has it say that there is none.
    void hold(MemoryBudget::Reservation& memory, RequestHead const& request, http::Response& response) const;
    Task<bool> refuse(Exchange& exchange, Error error);
    Task<bool> answer(Exchange& exchange, http::Response response, bool keep);
    /// What can be done after an answer failed here. A coroutine of its own: what it needs would make the
    /// frame of every answer larger than those that are used again.
    Task<> handle_send_failure(http::Response& response, Framing& framing, SendResult& sent);
    /// If the body is a live one, notes it; false if the connection has to end with it.
    bool begin_live(http::Response& response, bool chunked);
    void end_live() noexcept;
    Task<> linger();
    void record(Exchange const& exchange, http::Response const& response, std::uint64_t body_bytes) const;

    std::unique_ptr<net::Conn> conn_;
    SessionContext& context_;
    bool const from_proxy_;  // The connection comes from a trusted proxy.
    InputBuffer input_;
    Connections::Slot* slot_ = nullptr;
    IdleLink idle_link_;
    http::LiveBody* live_ = nullptr;  // Being sent.
    bool idle_ = false;
    bool fresh_ = true;  // Nothing was received yet.
};

}  // namespace ocilot::server
