#include "net/tls_conn.h"

#include "certificate.h"
#include "net/tls_certificates.h"
#include "run.h"
#include "tls_client.h"

#include <fmt/format.h>
#include <future>

using namespace ocilot;
using namespace std::chrono_literals;

namespace {

using test::bytes_of;
using test::TlsClient;
using Context = std::shared_ptr<net::TlsContext>;
using ConnResult = Result<std::unique_ptr<net::Conn>>;

class TlsConn : public testing::Test {
  protected:
    void SetUp() override {
        test::write_certificate(settings, "first");
        certificates = net::TlsCertificates::load(settings).value();
    }

    test::TemporaryDirectory directory;
    net::TlsSettings settings{directory.file("certificate.pem"), directory.file("key.pem"),
                              net::TlsVersion::tls1_2};
    std::unique_ptr<net::TlsCertificates> certificates;
};

/// An accepted connection and the client at its other end, which has shaken hands too.
struct Session {
    test::Fd fd;
    std::unique_ptr<TlsClient> client;
    std::unique_ptr<net::Conn> conn;
};

Task<Session> shake_hands(Context context) {
    auto pair = co_await test::connected_pair();
    auto client = std::make_unique<TlsClient>(pair.client.get());
    client->offer("\x02h2\x08http/1.1");
    auto connected = std::async(std::launch::async, [&client] { return client->connect(); });
    auto accepted = co_await net::accept_tls(std::move(pair.server), context, 1h);
    EXPECT_TRUE(connected.get());
    co_return Session{std::move(pair.client), std::move(client), std::move(accepted).value()};
}

/// A handshake with a client that does as `act` says, and how it failed.
Task<Error> fail_to_shake_hands(Context context, std::function<void(test::Fd&)> act,
                                std::chrono::milliseconds limit) {
    auto pair = co_await test::connected_pair();
    auto acting = std::async(std::launch::async, [&] { act(pair.client); });
    auto accepted = co_await net::accept_tls(std::move(pair.server), context, limit);
    acting.get();
    EXPECT_TRUE(accepted.has_error());
    co_return accepted.has_error() ? accepted.error() : Error{};
}

Task<std::string> read_text(net::Conn& conn, std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t read = 0; read < size;) {
        auto const more = co_await conn.read_some(std::as_writable_bytes(std::span(text).subspan(read)));
        EXPECT_TRUE(more.has_value() && *more > 0);
        if (!more || *more == 0) break;
        read += *more;
    }
    co_return text;
}

Task<Result<std::size_t>> read_once(net::Conn& conn) {
    std::array<std::byte, 16> buffer;
    auto read = co_await conn.read_some(buffer);
    co_return read;
}

Task<> converse(Context context, std::string_view much) {
    auto session = co_await shake_hands(context);
    EXPECT_TRUE(session.conn->is_tls());
    EXPECT_TRUE(session.conn->peer().starts_with("127.0.0.1:"));
    EXPECT_EQ(session.client->protocol(), "http/1.1");
    EXPECT_STREQ(SSL_get_version(session.client->native()), "TLSv1.3");

    bool orderly = false;
    auto talk = std::async(std::launch::async, [&] {
        EXPECT_TRUE(session.client->write(much));
        auto answer = session.client->read_all(orderly);
        EXPECT_TRUE(session.client->write("last words"));
        session.client->shutdown();
        return answer;
    });
    auto const asked = co_await read_text(*session.conn, much.size());
    EXPECT_EQ(test::fingerprint(asked), test::fingerprint(much));
    auto const head = co_await session.conn->write(bytes_of("head"), true);
    auto const body = co_await session.conn->write(bytes_of(much));
    EXPECT_TRUE(head.has_value() && body.has_value());
    co_await session.conn->finish_writing();
    auto const last = co_await read_text(*session.conn, 10);
    EXPECT_EQ(last, "last words");
    auto const end = co_await read_once(*session.conn);
    EXPECT_EQ(end.value(), 0U);
    auto const answer = talk.get();
    EXPECT_TRUE(orderly);
    EXPECT_EQ(test::fingerprint(answer), test::fingerprint(fmt::format("head{}", much)));
}

Task<> send_file(Context context) {
    auto const bytes = test::pattern(5'000'001);
    auto const file = test::file_of(bytes);
    auto session = co_await shake_hands(context);
    bool orderly = false;
    auto received = std::async(std::launch::async, [&] { return session.client->read_all(orderly); });
    auto const sent = co_await session.conn->send_file(file.get(), 7, bytes.size() - 8);
    EXPECT_TRUE(sent.has_value());
    auto const too_much = co_await session.conn->send_file(file.get(), bytes.size() - 1, 2);
    EXPECT_EQ(too_much.error().code, Errc::io);
    co_await session.conn->finish_writing();
    auto const all = received.get();
    EXPECT_TRUE(orderly);
    EXPECT_EQ(test::fingerprint(all), test::fingerprint(bytes.substr(7)));
}

Task<> lose_the_client(Context context) {
    auto cut = co_await shake_hands(context);
    cut.fd.close();  // Without close_notify.
    auto const read = co_await read_once(*cut.conn);
    EXPECT_EQ(read.error().code, Errc::peer_closed);
    co_await cut.conn->finish_writing();

    auto reset = co_await shake_hands(context);
    reset.fd.reset();
    for (int i = 0; i < 2; ++i) {
        auto const written = co_await reset.conn->write(bytes_of("hello"));
        EXPECT_EQ(written.error().code, Errc::peer_closed);
    }
}

Task<> run_into_deadlines(Context context) {
    std::string const much(32 << 20, 'x');
    auto reading = co_await shake_hands(context);
    reading.conn->expires_after(2ms);
    auto const read = co_await read_once(*reading.conn);
    EXPECT_EQ(read.error().code, Errc::request_timeout);

    auto writing = co_await shake_hands(context);
    writing.conn->expires_after(2ms);
    auto const written = co_await writing.conn->write(bytes_of(much));
    EXPECT_EQ(written.error().code, Errc::request_timeout);
    co_await writing.conn->finish_writing();

    auto closed = co_await shake_hands(context);
    closed.conn->close();
    auto const late = co_await closed.conn->write(bytes_of("late"));
    EXPECT_EQ(late.error().code, Errc::cancelled);
}

Task<> speak_plain_http(Context context) {
    auto pair = co_await test::connected_pair();
    pair.client.send("DELETE /v2/a/blobs/b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ::shutdown(pair.client.get(), SHUT_WR);
    auto const accepted = co_await net::accept_tls(std::move(pair.server), context, 1h);
    EXPECT_EQ(accepted.error().code, Errc::bad_request);
    EXPECT_TRUE(accepted.error().message.ends_with("spoke plain HTTP to a port that speaks HTTPS"));
    EXPECT_EQ(pair.client.receive_all(), net::plain_http_answer);
}

Task<> change_certificate(net::TlsCertificates& certificates, net::TlsSettings const& settings) {
    auto before = co_await shake_hands(certificates.current());
    EXPECT_EQ(before.client->server_name(), "first");
    test::write_certificate(settings, "second");
    EXPECT_TRUE(certificates.reload().has_value());
    auto after = co_await shake_hands(certificates.current());
    EXPECT_EQ(after.client->server_name(), "second");
    EXPECT_TRUE(before.client->write("still here"));
    auto const heard = co_await read_text(*before.conn, 10);
    EXPECT_EQ(heard, "still here");
}

Task<> resume(Context context) {
    auto first = co_await shake_hands(context);
    auto const greeted = co_await first.conn->write(bytes_of("hello"));
    EXPECT_TRUE(greeted.has_value());
    EXPECT_EQ(first.client->read_some(), "hello");  // Tickets came before it.
    std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> const ticket(
        SSL_get1_session(first.client->native()), &SSL_SESSION_free);

    auto pair = co_await test::connected_pair();
    TlsClient const second(pair.client.get());
    SSL_set_session(second.native(), ticket.get());
    auto connected = std::async(std::launch::async, [&second] { return second.connect(); });
    auto const accepted = co_await net::accept_tls(std::move(pair.server), context, 1h);
    EXPECT_TRUE(connected.get() && accepted.has_value());
    EXPECT_EQ(SSL_session_reused(second.native()), 1);
}

}  // namespace

TEST_F(TlsConn, CarriesBothDirectionsToTheirOrderlyEnd) {
    test::run(converse(certificates->current(), test::pattern(3'000'000)));
}

TEST_F(TlsConn, SendsAFileByteForByteAndSaysWhenItEndedEarly) {
    test::run(send_file(certificates->current()));
}

TEST_F(TlsConn, CallsAClientThatLeftWithoutAWordAPeerThatWentAway) {
    test::run(lose_the_client(certificates->current()));
}

TEST_F(TlsConn, FailsWithCancelledAtItsDeadlineAndWhenClosed) {
    test::run(run_into_deadlines(certificates->current()));
}

TEST_F(TlsConn, TellsAClientOfPlainHttpToUseHttps) {
    test::run(speak_plain_http(certificates->current()));
    auto const answer = net::plain_http_answer;
    auto const body = answer.substr(answer.find("\r\n\r\n") + 4);
    EXPECT_NE(answer.find(fmt::format("Content-Length: {}\r\n", body.size())), std::string_view::npos);
}

TEST_F(TlsConn, UsesAReloadedCertificateForNewHandshakesOnly) {
    test::run(change_certificate(*certificates, settings));
}

TEST_F(TlsConn, ResumesASessionByItsTicket) {
    test::run(resume(certificates->current()));
}

TEST_F(TlsConn, SaysHowAHandshakeFailed) {
    auto const failure = [&](std::function<void(test::Fd&)> act, std::chrono::milliseconds limit = 1h) {
        return test::run(fail_to_shake_hands(certificates->current(), std::move(act), limit));
    };
    EXPECT_EQ(failure([](test::Fd& fd) { fd.close(); }).code, Errc::peer_closed);
    EXPECT_EQ(failure([](test::Fd& fd) { fd.reset(); }).code, Errc::peer_closed);
    EXPECT_EQ(failure([](test::Fd&) {}, 2ms).code, Errc::request_timeout);
    EXPECT_EQ(failure([](test::Fd& fd) { fd.send("\x16\x03\x01"); }, 2ms).code, Errc::request_timeout);

    auto const distrusted = failure([](test::Fd& fd) {
        TlsClient const client(fd.get());
        SSL_set_verify(client.native(), SSL_VERIFY_PEER, nullptr);
        EXPECT_FALSE(client.connect());
    });
    EXPECT_EQ(distrusted.code, Errc::peer_closed);
    EXPECT_TRUE(distrusted.message.ends_with("alert unknown ca")) << distrusted.message;

    auto const other_protocol = failure([](test::Fd& fd) {
        TlsClient const client(fd.get());
        client.offer("\x02h2");
        EXPECT_FALSE(client.connect());
    });
    EXPECT_EQ(other_protocol.code, Errc::peer_closed);
    EXPECT_TRUE(other_protocol.message.ends_with("no application protocol")) << other_protocol.message;
}

TEST_F(TlsConn, TakesSuitesWithForwardSecrecyAndAuthenticatedEncryptionOnly) {
    for (std::string const suites : {"AES128-GCM-SHA256", "ECDHE+AES:!AESGCM:!AESCCM", "AES256-SHA"}) {
        auto const refused = test::run(fail_to_shake_hands(
            certificates->current(),
            [&](test::Fd& fd) {
                TlsClient const client(fd.get());
                SSL_set_max_proto_version(client.native(), TLS1_2_VERSION);
                EXPECT_EQ(SSL_set_cipher_list(client.native(), suites.c_str()), 1) << suites;
                EXPECT_FALSE(client.connect()) << suites;
            },
            1h));
        EXPECT_TRUE(refused.message.ends_with("no shared cipher")) << suites << ": " << refused.message;
    }
}

TEST_F(TlsConn, InsistsOnItsMinimumVersion) {
    settings.minimum = net::TlsVersion::tls1_3;
    auto const strict = net::TlsContext::load(settings).value();
    auto const refused = test::run(fail_to_shake_hands(
        strict,
        [](test::Fd& fd) {
            TlsClient const client(fd.get());
            SSL_set_max_proto_version(client.native(), TLS1_2_VERSION);
            EXPECT_FALSE(client.connect());
        },
        1h));
    EXPECT_EQ(refused.code, Errc::peer_closed);
    EXPECT_TRUE(refused.message.ends_with("unsupported protocol")) << refused.message;
}
