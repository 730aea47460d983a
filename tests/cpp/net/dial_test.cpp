#include "net/dial.h"

#include "http_fixture.h"

using namespace ocilot;
using namespace std::chrono_literals;
using net::Tcp;
using testing::HasSubstr;

namespace {

Tcp::endpoint local(std::uint16_t port) {
    return {asio::ip::make_address("127.0.0.1"), port};
}

class Dial : public test::HttpFixture {
  protected:
    Dial() {
        // Whoever connects now waits: the queue of a listener with a backlog of 0 holds one connection.
        for (int i = 0; i < 2; ++i) filling.push_back(begin_to_connect(test::port_of(silent)));
    }
    static test::Fd begin_to_connect(std::uint16_t port) {
        test::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
        return fd;
    }
    static std::uint16_t refusing() {
        auto const gone = test::stuck_listener();
        return test::port_of(gone);
    }
    Result<std::uint16_t> connected(std::vector<Tcp::endpoint> addresses, std::chrono::milliseconds next,
                                    std::chrono::milliseconds limit) {
        auto const socket = run(net::connect_to_any(std::move(addresses), next, limit));
        if (socket.has_error()) return socket.error();
        return net::port_of(socket->remote_endpoint());
    }

    test::Fd silent = test::stuck_listener(0);
    test::Fd open = test::stuck_listener();
    std::vector<test::Fd> filling;
};

}  // namespace

TEST_F(Dial, TakesTheNextAddressIfOneRefuses) {
    EXPECT_EQ(connected({local(refusing()), local(test::port_of(open))}, 1h, 1h).value(),
              test::port_of(open));
}

TEST_F(Dial, TriesTheNextAddressBesideASilentOne) {
    EXPECT_EQ(connected({local(test::port_of(silent)), local(test::port_of(open))}, 5ms, 1h).value(),
              test::port_of(open));
}

TEST_F(Dial, GivesUpAtItsLimit) {
    EXPECT_EQ(connected({local(test::port_of(silent))}, 5ms, 20ms).error().code, Errc::request_timeout);
    EXPECT_EQ(connected({local(test::port_of(silent)), local(refusing())}, 1h, 20ms).error().code,
              Errc::request_timeout);
}

TEST_F(Dial, SaysWhyNoAddressAnswers) {
    auto const port = refusing();
    EXPECT_THAT(connected({local(port), local(port)}, 1h, 1h).error().message,
                HasSubstr(fmt::format("cannot connect to 127.0.0.1:{}: ", port)));
}
