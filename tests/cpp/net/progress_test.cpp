// A slow peer that makes progress is never cut, a silent one is: for memory, files and TLS, both ways.
#include "certificate.h"
#include "net/tcp_conn.h"
#include "net/tls_certificates.h"
#include "net/tls_conn.h"
#include "run.h"
#include "tls_client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <future>
#include <openssl/bio.h>
#include <vector>

using namespace ocilot;
using namespace std::chrono_literals;

namespace {

using Ticks = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor>;

constexpr auto limit = 250ms;  // Of silence.
constexpr auto pace = 4ms;     // Between two steps of the slow peer: far more often than a look.
constexpr std::size_t much = 6 * 1024 * 1024;  // Bytes: takes the slow reader several times the limit.
constexpr int small_buffer = 64 * 1024;        // Bytes of the kernel's buffers.

void shrink_buffers(test::Pair& pair) {
    pair.server.set_option(asio::socket_base::send_buffer_size(small_buffer));
    ::setsockopt(pair.client.get(), SOL_SOCKET, SO_RCVBUF, &small_buffer, sizeof small_buffer);
}

/// Takes what has come, then waits a little, until the stream ends. Counts its steps.
Task<> read_slowly(int fd, int& steps) {
    Timer timer(co_await asio::this_coro::executor);
    std::vector<char> part(small_buffer);
    for (;; ++steps) {
        auto const n = ::recv(fd, part.data(), part.size(), MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN)) co_return;
        timer.expires_after(pace);
        co_await timer.async_wait(asio::as_tuple(use_task));
    }
}

/// Sends one byte at a time.
Task<> send_slowly(int fd, std::string bytes) {
    Timer timer(co_await asio::this_coro::executor);
    for (std::size_t done = 0; done < bytes.size(); ++done) {
        EXPECT_EQ(::send(fd, bytes.data() + done, 1, MSG_NOSIGNAL), 1);
        timer.expires_after(std::chrono::milliseconds(20));
        co_await timer.async_wait(asio::as_tuple(use_task));
    }
}

Task<std::unique_ptr<net::Conn>> greet(net::Socket socket, int client, std::shared_ptr<net::TlsContext> tls,
                                       std::unique_ptr<test::TlsClient>& shaken) {
    if (!tls) co_return net::make_tcp_conn(std::move(socket));
    shaken = std::make_unique<test::TlsClient>(client);
    auto connected = std::async(std::launch::async, [&shaken] { return shaken->connect(); });
    auto accepted = co_await net::accept_tls(std::move(socket), std::move(tls), 1h);
    EXPECT_TRUE(connected.get());
    co_return std::move(accepted).value();
}

/// Writes memory or a file to a client that reads slowly, or not at all.
Task<Result<>> write(std::shared_ptr<net::TlsContext> tls, bool file, bool reads, int& steps) {
    auto pair = co_await test::connected_pair();
    shrink_buffers(pair);
    std::unique_ptr<test::TlsClient> client;
    auto const conn = co_await greet(std::move(pair.server), pair.client.get(), std::move(tls), client);
    if (reads) {
        asio::co_spawn(conn->executor(), read_slowly(pair.client.get(), steps), [](std::exception_ptr) {});
    }
    conn->expires_after({.stall = limit});
    auto const bytes = test::pattern(much);
    auto const open = test::file_of(file ? bytes : std::string());
    if (file) co_return co_await conn->send_file(open.get(), 0, much);
    co_return co_await conn->write(test::bytes_of(bytes));
}

std::shared_ptr<net::TlsContext> some_tls() {
    test::TemporaryDirectory const directory;
    net::TlsSettings settings{directory.file("certificate.pem"), directory.file("key.pem"),
                              net::TlsVersion::tls1_2};
    test::write_certificate(settings, "first");
    return net::TlsCertificates::load(settings).value()->current();
}

void expect_progress_renews(std::shared_ptr<net::TlsContext> const& tls, bool file) {
    int steps = 0;
    auto const written = test::run(write(tls, file, true, steps));
    EXPECT_TRUE(written.has_value()) << written.error().message;
    EXPECT_GT(steps * pace, limit) << "the reader was not slow enough to show anything";
}

void expect_silence_ends(std::shared_ptr<net::TlsContext> const& tls, bool file) {
    int steps = 0;
    auto const written = test::run(write(tls, file, false, steps));
    ASSERT_TRUE(written.has_error());
    EXPECT_EQ(written.error().code, Errc::request_timeout);
}

/// A record of TLS that arrives byte by byte.
Task<> read_a_slow_record(std::shared_ptr<net::TlsContext> tls) {
    auto pair = co_await test::connected_pair();
    std::unique_ptr<test::TlsClient> client;
    auto const fd = pair.client.get();
    auto const conn = co_await greet(std::move(pair.server), fd, std::move(tls), client);
    auto* const record = BIO_new(BIO_s_mem());
    SSL_set0_wbio(client->native(), record);
    EXPECT_TRUE(client->write("a record"));
    char* bytes = nullptr;
    auto const size = BIO_get_mem_data(record, &bytes);
    asio::co_spawn(conn->executor(), send_slowly(fd, std::string(bytes, static_cast<std::size_t>(size))),
                   [](std::exception_ptr) {});
    auto const before = conn->received();
    conn->expires_after({.stall = 300ms});  // The record takes longer.
    std::vector<std::byte> out(100);
    auto const count = co_await conn->read_some(out);
    EXPECT_TRUE(count.has_value()) << count.error().message;
    EXPECT_EQ(conn->received() - before, static_cast<std::uint64_t>(size));
    // A limit of all is one whatever moves.
    EXPECT_TRUE(client->write("more"));
    conn->expires_after({.stall = 1h, .total = 1ms});
    auto const late = co_await conn->read_some(out);
    EXPECT_EQ(late.error().code, Errc::request_timeout);
}

}  // namespace

TEST(Progress, RenewsTheTimeOfMemoryBeingWritten) {
    expect_progress_renews(nullptr, false);
}

TEST(Progress, RenewsTheTimeOfAFileBeingSent) {
    expect_progress_renews(nullptr, true);
}

TEST(Progress, RenewsTheTimeOfMemoryBeingWrittenOverTls) {
    expect_progress_renews(some_tls(), false);
}

TEST(Progress, RenewsTheTimeOfAFileBeingSentOverTls) {
    expect_progress_renews(some_tls(), true);
}

TEST(Progress, RenewsTheTimeOfARecordThatArrivesByteByByte) {
    test::run(read_a_slow_record(some_tls()));
}

TEST(Progress, SilenceEndsWhatIsBeingSent) {
    for (bool const file : {false, true}) {
        expect_silence_ends(nullptr, file);
        expect_silence_ends(some_tls(), file);
    }
}
