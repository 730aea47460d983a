#include "server/listener.h"

#include "net/tcp_conn.h"
#include "net/tls_conn.h"
#include "server/request_id.h"
#include "server/response_writer.h"
#include "server/session.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>

namespace ocilot::server {

namespace {

using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr std::chrono::milliseconds breath{200};  // Until descriptors are given back.

}  // namespace

Listener::Listener(net::Acceptor acceptor, net::TlsCertificates const* certificates, SessionContext context,
                   TaskGroup& connections)
    : acceptor_(std::move(acceptor)),
      certificates_(certificates),
      context_(context),
      connections_(connections) {}

Task<> Listener::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    SteadyTimer timer(acceptor_.get_executor());
    while (acceptor_.is_open()) {
        auto socket = co_await net::accept(acceptor_);
        if (socket.has_value()) {
            connections_.spawn(serve(std::move(*socket)));
            continue;
        }
        if (socket.error().code == Errc::cancelled) continue;
        context_.log.error("cannot accept connections for a moment", {{"err", socket.error().message}});
        timer.expires_after(breath);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(use_task, ignored));
    }
}

Task<Result<std::unique_ptr<net::Conn>>> Listener::greet(net::Socket socket) {
    if (certificates_ == nullptr) co_return net::make_tcp_conn(std::move(socket));
    auto const id = random_request_id(context_.random);
    Framing framing;
    framing.date = context_.date.at(context_.clock.now());
    framing.request_id = id;
    framing.close = true;
    auto const refusal = whole_response(
        context_.handler.refuse({Errc::bad_request, "this port speaks HTTPS, not plain HTTP: use https://"}),
        framing);
    co_return co_await net::accept_tls(std::move(socket), certificates_->current(), context_.limits.head_time,
                                       refusal);
}

Task<> Listener::serve(net::Socket socket) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto conn = co_await greet(std::move(socket));
    if (conn.has_error()) {
        context_.log.debug("no connection", {{"err", conn.error().message}});
        co_return;
    }
    Session session(std::move(*conn), context_);
    sessions_.insert(&session);
    co_await session.run();
    sessions_.erase(&session);
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
