#include "server/listener.h"

#include "auth/throttle.h"
#include "net/address.h"
#include "net/tcp_conn.h"
#include "net/tls_conn.h"
#include "server/connections.h"
#include "server/request_id.h"
#include "server/response_writer.h"
#include "server/session.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <exception>
#include <optional>

namespace ocilot::server {

namespace {

using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::chrono::milliseconds accept_retry_delay{200};  // Until descriptors are given back.
constexpr std::size_t max_rejecting = 1024;       // At once, with an answer; more than that end without.
constexpr std::chrono::seconds between_notes{1};  // A flood of refusals is no flood in the log.

constexpr std::chrono::milliseconds look_interval{2};  // Between two looks for a slot that is being given up.
constexpr int looks_for_room = 25;                     // Until another connection is asked to close.
constexpr int max_looks = 100;

/// Counts one while it lives.
class Counted {
  public:
    explicit Counted(std::size_t& counter) noexcept : counter_(counter) { ++counter_; }
    ~Counted() { --counter_; }
    Counted(Counted const&) = delete;
    Counted& operator=(Counted const&) = delete;

  private:
    std::size_t& counter_;
};

/// Lists a session while it lives, so that it can be drained and dropped.
class Listed {
  public:
    Listed(std::unordered_set<Session*>& sessions, Session& session)
        : sessions_(sessions), session_(session) {
        sessions_.insert(&session_);
    }
    ~Listed() { sessions_.erase(&session_); }
    Listed(Listed const&) = delete;
    Listed& operator=(Listed const&) = delete;

  private:
    std::unordered_set<Session*>& sessions_;
    Session& session_;
};

std::string client_of(net::Socket const& socket) {
    boost::system::error_code gone;
    auto const endpoint = socket.remote_endpoint(gone);
    return gone ? std::string() : std::string(net::without_port(net::format_endpoint(endpoint)));
}

/// What a client's connections are counted by; empty for those who are not limited: this machine, and
/// proxies, whose connections are those of many.
std::string counted_as(std::string_view address, SessionContext const& context) {
    auto counted = auth::throttled_address(address);
    if (context.connections->counts_trusted()) return counted;
    bool const is_local = counted.starts_with("127.") || address == "::1";
    return is_local || context.proxies.contains(address) ? std::string() : counted;
}

}  // namespace

Listener::Listener(net::Acceptor acceptor, net::TlsCertificates const* certificates, SessionContext context,
                   TaskGroup& connections)
    : acceptor_(std::move(acceptor)),
      certificates_(certificates),
      context_(context),
      connections_(connections) {
    context_.idle = &idle_;
    if (context_.connections != nullptr) context_.connections->add(*this);
}

Listener::~Listener() {
    if (context_.connections != nullptr) context_.connections->remove(*this);
}

/// A door: what is thrown while a connection is accepted costs that connection, not the listener.
Task<> Listener::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    SteadyTimer timer(acceptor_.get_executor());
    while (acceptor_.is_open()) {
        bool more = false;
        try {
            more = co_await accept_one();
        } catch (std::exception const& problem) {
            context_.log.error("connection not accepted", {{"err", std::string_view(problem.what())}});
        }
        if (more) continue;
        timer.expires_after(accept_retry_delay);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(use_task, ignored));
    }
}

Task<bool> Listener::accept_one() {
    auto socket = co_await net::accept(acceptor_);
    if (socket.has_value()) {
        connections_.spawn(serve(std::move(*socket)));
        co_return true;
    }
    if (socket.error().code == Errc::cancelled) co_return true;
    context_.log.error("connection not accepted", {{"err", std::string_view(socket.error().message)}});
    co_return false;
}

Task<Result<std::unique_ptr<net::Conn>>> Listener::accept_stream(net::Socket socket,
                                                                 std::chrono::milliseconds limit) {
    if (certificates_ == nullptr) co_return net::make_tcp_conn(std::move(socket));
    auto const id = random_request_id(context_.random);
    Framing framing;
    framing.date = context_.dates.http(context_.clock.now());
    framing.request_id = id;
    framing.close = true;
    auto const refusal = whole_response(
        context_.handler.refuse({Errc::bad_request, "this port speaks HTTPS, not plain HTTP: use https://"}),
        framing);
    co_return co_await net::accept_tls(std::move(socket), certificates_->current(), limit, refusal);
}

Task<> Listener::serve(net::Socket socket) {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::optional<Connections::Slot> slot;
    auto const client = client_of(socket);
    if (context_.connections != nullptr) {
        auto acquired = co_await find_slot(counted_as(client, context_));
        if (acquired.has_error()) {
            note_refusal(acquired.error(), client);
            co_return co_await reject(std::move(socket), std::move(acquired).error());
        }
        slot.emplace(std::move(*acquired));
    }
    auto conn = co_await accept_stream(std::move(socket), context_.limits.head_time);
    if (conn.has_error()) {
        note_handshake(conn.error(), client);
        co_return;
    }
    Session session(std::move(*conn), context_);
    if (slot) session.set_slot(*slot);
    Listed const listed(sessions_, session);
    co_await session.run();
}

Task<Result<Connections::Slot>> Listener::find_slot(std::string client) {
    auto& all = *context_.connections;
    auto first = all.acquire(client);
    if (first.has_value() || first.error().code != Errc::unavailable) co_return first;
    SteadyTimer timer(acceptor_.get_executor());
    for (int looks = 0; looks < max_looks; ++looks) {
        // One connection is closed for this one. It may be another thread's, or another newcomer be quicker.
        if (looks % looks_for_room == 0 && !all.evict_idle()) break;
        auto next = all.acquire(client);
        if (next.has_value()) co_return next;
        timer.expires_after(look_interval);
        boost::system::error_code cancelled;
        co_await timer.async_wait(asio::redirect_error(use_task, cancelled));
        if (cancelled) break;
    }
    co_return first;
}

void Listener::close_idle() {
    asio::dispatch(acceptor_.get_executor(), [this] {
        auto* const session = idle_.longest();
        if (session == nullptr) return;
        session->close_idle();
        context_.metrics.yielded.add();
        context_.log.debug("idle connection closed for a new one");
    });
}

Task<> Listener::reject(net::Socket socket, Error why) {
    if (rejecting_ >= max_rejecting) co_return;
    Counted const counted(rejecting_);
    auto conn = co_await accept_stream(std::move(socket), context_.limits.linger_time);
    if (conn.has_error()) co_return;
    Session session(std::move(*conn), context_);
    Listed const listed(sessions_, session);
    co_await session.reject(std::move(why));
}

/// Health checks of load balancers connect and say nothing: these are no failures of a client.
void Listener::note_handshake(Error const& why, std::string_view client) {
    if (why.code == Errc::peer_closed) return;
    context_.metrics.refused("tls").add();
    context_.log.info("TLS handshake failed", {{"peer", client}, {"err", std::string_view(why.message)}});
}

void Listener::note_refusal(Error const& why, std::string_view client) {
    auto const reason = why.code == Errc::unavailable ? std::string_view("connections")
                                                      : std::string_view("client_connections");
    context_.metrics.refused(reason).add();
    ++unnoted_;
    auto const now = context_.clock.now();
    if (now - last_noted_ < between_notes) return;
    context_.log.warn("connections rejected by a limit",
                      {{"reason", reason}, {"client", client}, {"count", unnoted_}});
    last_noted_ = now;
    unnoted_ = 0;
}

void Listener::drain() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    context_.draining = true;
    for (auto* const session : sessions_) session->drain();
}

void Listener::drop() {
    for (auto* const session : sessions_) session->drop();
}

}  // namespace ocilot::server
