#include "net/tcp_conn.h"

#include "loopback.h"
#include "net/deadline.h"
#include "run.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <future>

using namespace ocilot;
using namespace std::chrono_literals;

namespace {

using test::bytes_of;
using Bytes = std::vector<std::byte>;

Task<std::string> read_until_end(net::Conn& conn, std::size_t buffer_size) {
    std::string all;
    Bytes buffer(buffer_size);
    for (;;) {
        auto const size = co_await conn.read_some(buffer);
        EXPECT_TRUE(size.has_value());
        if (!size || *size == 0) co_return all;
        all.append(reinterpret_cast<char const*>(buffer.data()), *size);
    }
}

Task<> read_pieces() {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    EXPECT_TRUE(conn->peer().starts_with("127.0.0.1:"));
    EXPECT_FALSE(conn->is_tls());
    pair.client.send("one two");
    Bytes buffer(4);
    auto const first = co_await conn->read_some(buffer);
    EXPECT_EQ(first.value(), 4U);
    auto const second = co_await conn->read_some(buffer);
    EXPECT_EQ(second.value(), 3U);
    asio::post(conn->executor(), [&pair] { pair.client.send(" three"); });
    auto const third = co_await conn->read_some(buffer);
    EXPECT_EQ(third.value(), 4U);
    pair.client.close();
    EXPECT_EQ(co_await read_until_end(*conn, 4), "ee");
    EXPECT_EQ(co_await read_until_end(*conn, 4), "");  // The end stays the end.
}

Task<> peer_closes_behind_its_bytes() {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    EXPECT_FALSE(conn->peer_closed());
    pair.client.send("one");
    EXPECT_FALSE(conn->peer_closed());
    pair.client.close();
    EXPECT_TRUE(conn->peer_closed()) << "though there is something to read";
    EXPECT_EQ(co_await read_until_end(*conn, 4), "one");
}

Task<> read_end_while_waiting() {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    asio::post(conn->executor(), [&pair] { pair.client.close(); });
    EXPECT_EQ(co_await read_until_end(*conn, 16), "");
    EXPECT_EQ(co_await read_until_end(*conn, 16), "");
}

Task<> write_much(std::string_view bytes) {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    auto received = std::async(std::launch::async, [&pair] { return pair.client.receive_all(); });
    auto const head = co_await conn->write(bytes_of("head"), true);
    EXPECT_TRUE(head.has_value());
    auto const body = co_await conn->write(bytes_of(bytes));
    EXPECT_TRUE(body.has_value());
    conn->close();
    auto const all = received.get();
    EXPECT_EQ(all.size(), bytes.size() + 4);
    EXPECT_EQ(test::fingerprint(all.substr(4)), test::fingerprint(bytes));
}

Task<> read_much(std::string_view bytes) {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    auto sent = std::async(std::launch::async, [&pair, bytes] {
        for (auto rest = bytes; !rest.empty();) {
            auto const n = ::send(pair.client.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
            if (n < 0) return;
            rest.remove_prefix(static_cast<std::size_t>(n));
        }
        pair.client.close();
    });
    auto const all = co_await read_until_end(*conn, 65536);
    EXPECT_EQ(test::fingerprint(all), test::fingerprint(bytes));
}

Task<> send_big_file() {
    auto const block = test::pattern(1 << 20);
    auto const file = test::file_of("skipped" + block);
    constexpr std::uint64_t length = 64 << 20;
    EXPECT_EQ(::ftruncate(file.get(), 7 + length + 100), 0);
    EXPECT_EQ(::pwrite(file.get(), block.data(), block.size(), 7 + length - (1 << 20)), 1 << 20);

    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    auto received = std::async(std::launch::async, [&pair] { return pair.client.receive_all(); });
    auto const head = co_await conn->write(bytes_of("head"), true);
    EXPECT_TRUE(head.has_value());
    auto const sent = co_await conn->send_file(file.get(), 7, length);
    EXPECT_TRUE(sent.has_value());
    co_await conn->finish_writing();
    auto const all = received.get();
    EXPECT_EQ(all.size(), 4 + length);
    EXPECT_EQ(test::fingerprint(all),
              test::fingerprint("head" + block + std::string(length - (2 << 20), '\0') + block));
}

Task<Error> send_short_file() {
    auto const file = test::file_of("short");
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    auto const sent = co_await conn->send_file(file.get(), 0, 6);
    co_return sent.error();
}

Task<Error> read_after_reset() {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    pair.client.reset();
    Bytes buffer(16);
    auto const read = co_await conn->read_some(buffer);
    co_return read.error();
}

Task<> write_after_reset(std::vector<Errc>& codes) {
    auto const file = test::file_of("some bytes");
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    pair.client.reset();
    // The first call learns of the reset, those that follow would raise SIGPIPE.
    for (int i = 0; i < 2; ++i) {
        auto const written = co_await conn->write(bytes_of("hello"));
        codes.push_back(written.error().code);
        auto const sent = co_await conn->send_file(file.get(), 0, 10);
        codes.push_back(sent.error().code);
    }
    co_await conn->finish_writing();
}

Task<> run_into_deadlines(std::vector<Errc>& codes) {
    auto const file = test::file_of("");
    EXPECT_EQ(::ftruncate(file.get(), 64 << 20), 0);
    std::string const much(64 << 20, 'x');
    Bytes buffer(16);

    auto reading = co_await test::connected_pair();
    auto const reader = net::make_tcp_conn(std::move(reading.server));
    reader->expires_after(2ms);
    auto const read = co_await reader->read_some(buffer);
    codes.push_back(read.error().code);
    auto const read_again = co_await reader->read_some(buffer);
    codes.push_back(read_again.error().code);
    reader->expires_after(1h);  // The stream goes on.
    auto const told = co_await reader->write(bytes_of("too slow"));
    EXPECT_TRUE(told.has_value());
    co_await reader->finish_writing();
    EXPECT_EQ(reading.client.receive_all(), "too slow");

    auto writing = co_await test::connected_pair();
    auto const writer = net::make_tcp_conn(std::move(writing.server));
    writer->expires_after(2ms);
    auto const written = co_await writer->write(bytes_of(much));
    codes.push_back(written.error().code);

    auto sending = co_await test::connected_pair();
    auto const sender = net::make_tcp_conn(std::move(sending.server));
    sender->expires_after(2ms);
    auto const sent = co_await sender->send_file(file.get(), 0, 64 << 20);
    codes.push_back(sent.error().code);
}

Task<> renew_a_passed_deadline() {
    using Ticks = std::chrono::steady_clock;
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor> bell(conn->executor(),
                                                                               Ticks::time_point::max());
    net::Deadline later(conn->executor(), [&bell] { bell.cancel(); });
    conn->expires_after(1ms);
    later.expires_after(2ms);
    auto const [woken] = co_await bell.async_wait(asio::as_tuple(use_task));
    EXPECT_TRUE(woken);
    conn->expires_after(1h);
    pair.client.send("hello");
    Bytes buffer(16);
    auto const read = co_await conn->read_some(buffer);
    EXPECT_EQ(read.value(), 5U);
}

Task<Error> close_while_reading() {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    asio::post(conn->executor(), [&conn] {
        conn->close();
        conn->close();
    });
    Bytes buffer(16);
    auto const read = co_await conn->read_some(buffer);
    co_return read.error();
}

Task<> finish_then_read() {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    auto const written = co_await conn->write(bytes_of("answer"), true);
    EXPECT_TRUE(written.has_value());
    co_await conn->finish_writing();
    EXPECT_EQ(pair.client.receive_all(), "answer");
    pair.client.send("last words");
    pair.client.close();
    EXPECT_EQ(co_await read_until_end(*conn, 4), "last words");
}

Task<> count_turns(bool& stop, int& turns) {
    while (!stop) {
        co_await asio::post(use_task);
        ++turns;
    }
}

Task<> read_what_lies_ready(bool& stop, int& turns) {
    auto pair = co_await test::connected_pair();
    auto const conn = net::make_tcp_conn(std::move(pair.server));
    asio::co_spawn(conn->executor(), count_turns(stop, turns), [](std::exception_ptr) {});
    Bytes buffer(4096);
    pair.client.send("x");
    auto const first =
        co_await conn->read_some(std::span(buffer).first(1));  // Full: the next read tries at once.
    EXPECT_EQ(first.value(), 1U);
    turns = 0;
    std::string const some(buffer.size(), 'x');
    for (int i = 0; i < 512; ++i) {  // 2 MiB.
        pair.client.send(some);
        auto const size = co_await conn->read_some(buffer);
        EXPECT_TRUE(size.has_value());
    }
    stop = true;
}

}  // namespace

TEST(TcpConn, KnowsThatItsPeerHasLeft) {
    test::run(peer_closes_behind_its_bytes());
}

TEST(TcpConn, ReadsWhatIsThereAndTheEndOfTheStream) {
    test::run(read_pieces());
    test::run(read_end_while_waiting());
}

TEST(TcpConn, WritesEverythingHoweverSlowlyItIsTaken) {
    test::run(write_much(test::pattern(16 << 20)));
}

TEST(TcpConn, ReadsManyBytesUnchanged) {
    test::run(read_much(test::pattern(16 << 20)));
}

TEST(TcpConn, SendsABigFileByteForByteFromItsOffset) {
    test::run(send_big_file());
}

TEST(TcpConn, SaysThatAFileEndedEarly) {
    EXPECT_EQ(test::run(send_short_file()).code, Errc::io);
}

TEST(TcpConn, CallsAResetAPeerThatWentAway) {
    EXPECT_EQ(test::run(read_after_reset()).code, Errc::peer_closed);
    std::vector<Errc> codes;
    test::run(write_after_reset(codes));
    EXPECT_EQ(codes, std::vector<Errc>(4, Errc::peer_closed));
}

TEST(TcpConn, FailsAtItsDeadlineAndGoesOnWithANewOne) {
    std::vector<Errc> codes;
    test::run(run_into_deadlines(codes));
    EXPECT_EQ(codes, std::vector<Errc>(4, Errc::request_timeout));
}

TEST(TcpConn, SurvivesADeadlineThatNoOperationRanInto) {
    test::run(renew_a_passed_deadline());
}

TEST(TcpConn, FailsAPendingOperationWithCancelledWhenClosed) {
    EXPECT_EQ(test::run(close_while_reading()).code, Errc::cancelled);
}

TEST(TcpConn, ReadsOnAfterItFinishedWriting) {
    test::run(finish_then_read());
}

TEST(TcpConn, LetsOthersHaveTheirTurnWhileBytesLieReady) {
    bool stop = false;
    int turns = 0;
    test::run(read_what_lies_ready(stop, turns));
    EXPECT_GE(turns, 1);
}
