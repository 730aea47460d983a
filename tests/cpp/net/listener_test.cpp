#include "net/listener.h"

#include "loopback.h"
#include "net/address.h"
#include "run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <optional>

using namespace ocilot;

namespace {

Task<> accept_one(int& accepted) {
    auto executor = co_await asio::this_coro::executor;
    auto acceptor = net::listen(executor.context(), "localhost:0").value();
    auto const client = test::connect_to(net::port_of(acceptor.local_endpoint()));
    auto socket = co_await net::accept(acceptor);
    EXPECT_TRUE(socket.has_value());
    EXPECT_NE(::fcntl(socket->native_handle(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(socket->native_handle(), F_GETFL) & O_NONBLOCK, 0);
    ++accepted;
}

struct Outcome {
    std::string peer;
    std::optional<Errc> error;
};

Task<> accept_from(net::Acceptor& acceptor, Outcome& outcome) {
    auto accepted = co_await net::accept(acceptor);
    if (accepted) outcome.peer = net::format_endpoint(accepted->remote_endpoint());
    if (accepted.has_error()) outcome.error = accepted.error().code;
}

void rethrow(std::exception_ptr problem) {
    if (problem) std::rethrow_exception(problem);
}

}  // namespace

TEST(Listener, AcceptsConnectionsThatNoChildProcessInherits) {
    int accepted = 0;
    test::run(accept_one(accepted));
    EXPECT_EQ(accepted, 1);
}

TEST(Listener, EndsAWaitingAcceptWhenItIsClosed) {
    asio::io_context context(1);
    auto acceptor = net::listen(context, "127.0.0.1:0").value();
    Outcome outcome;
    asio::co_spawn(context, accept_from(acceptor, outcome), rethrow);
    context.poll();
    acceptor.close();
    context.run();
    EXPECT_EQ(outcome.error, Errc::cancelled);
}

TEST(Listener, FailsOnAnOccupiedPortEvenIfItsHolderWouldShareIt) {
    asio::io_context context(1);
    test::Fd const other(::socket(AF_INET, SOCK_STREAM, 0));
    int const yes = 1;
    ::setsockopt(other.get(), SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    ::setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(other.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(other.get(), 1), 0);
    socklen_t length = sizeof address;
    ASSERT_EQ(::getsockname(other.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);

    auto const text = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
    auto const refused = net::listen(context, text);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::config);
    EXPECT_EQ(refused.error().message,
              fmt::format("cannot listen on {}: address already in use; stop what listens "
                          "there or choose another with --addr",
                          text));
    EXPECT_TRUE(net::listen(context, fmt::format(":{}", ntohs(address.sin_port))).has_error());
}

TEST(Listener, SaysWhyAnAddressCannotBeHad) {
    asio::io_context context(1);
    EXPECT_EQ(net::listen(context, "192.0.2.1:0").error().message,
              "cannot listen on 192.0.2.1:0: this machine has no such address; choose another with --addr");
    EXPECT_EQ(net::listen(context, "nowhere").error().code, Errc::config);
}

TEST(Listener, WithoutAHostServesEveryInterface) {
    asio::io_context context(1);
    auto acceptor = net::listen(context, ":0").value();
    auto const client = test::connect_to(net::port_of(acceptor.local_endpoint()));
    Outcome outcome;
    asio::co_spawn(context, accept_from(acceptor, outcome), rethrow);
    context.run();
    EXPECT_TRUE(outcome.peer.starts_with("127.0.0.1:")) << outcome.peer;
}

TEST(Listener, AtLocalhostIsOnBothLoopbackAddressesOfOnePort) {
    asio::io_context context(1);
    auto const has_v6 = net::listen(context, "[::1]:0").has_value();
    auto const acceptors = net::listen_everywhere(context, "LocalHost:0").value();
    ASSERT_EQ(acceptors.size(), has_v6 ? 2U : 1U);
    auto const port = net::port_of(acceptors[0].local_endpoint());
    EXPECT_EQ(net::format_endpoint(acceptors[0].local_endpoint()), fmt::format("127.0.0.1:{}", port));
    if (!has_v6) return;
    EXPECT_EQ(net::format_endpoint(acceptors[1].local_endpoint()), fmt::format("[::1]:{}", port));
}

TEST(Listener, AtLocalhostNeedsBothAddressesFree) {
    asio::io_context context(1);
    auto const other = net::listen(context, "[::1]:0");
    if (other.has_error()) GTEST_SKIP() << "this machine has no IPv6";
    auto const text = fmt::format("localhost:{}", net::port_of(other->local_endpoint()));
    auto const refused = net::listen_everywhere(context, text);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().message,
              fmt::format("cannot listen on {}: address already in use; stop what listens there or choose "
                          "another with --addr",
                          text));
}

TEST(Listener, AtAnyOtherAddressIsOne) {
    asio::io_context context(1);
    EXPECT_EQ(net::listen_everywhere(context, "127.0.0.1:0").value().size(), 1U);
    EXPECT_EQ(net::listen_everywhere(context, ":0").value().size(), 1U);
    EXPECT_EQ(net::listen_everywhere(context, "nowhere").error().code, Errc::config);
}

TEST(Listener, IsSharedByContextsAndTheFirstOneToAcceptGetsTheConnection) {
    asio::io_context first(1);
    asio::io_context second(1);
    auto acceptor = net::listen(first, "127.0.0.1:0").value();
    auto shared = net::share(acceptor, second).value();
    EXPECT_EQ(shared.local_endpoint(), acceptor.local_endpoint());

    Outcome at_first;
    Outcome at_second;
    asio::co_spawn(first, accept_from(acceptor, at_first), rethrow);
    asio::co_spawn(second, accept_from(shared, at_second), rethrow);
    first.poll();  // Waits already when the connection comes.
    auto const client = test::connect_to(net::port_of(acceptor.local_endpoint()));
    second.run();
    EXPECT_NE(at_second.peer, "");
    first.poll();  // Woken, finds nothing, waits on.
    EXPECT_FALSE(at_first.error.has_value());
    acceptor.close();
    first.run();
    EXPECT_EQ(at_first.error, Errc::cancelled);
}
