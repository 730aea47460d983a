#include "server/server.h"

#include "net/certificate.h"
#include "net/tls_client.h"

#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using server::Server;
using server::Settings;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

constexpr std::string_view hello_digest =
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

Settings quiet() {
    Settings settings;
    settings.storage.in_memory = true;
    settings.listen.address = "127.0.0.1:0";
    settings.listen.threads = 1;
    settings.answers.host_names = {"h"};
    settings.log.level = LogLevel::error;
    settings.log.access = false;
    return settings;
}

/// All answers on one connection to a request that closes it.
std::string ask(Fd const& client, std::string_view method, std::string_view target,
                std::string_view body = {}) {
    client.send(
        fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}",
                    method, target, body.size(), body));
    return client.receive_all();
}

std::string ask(std::uint16_t port, std::string_view method, std::string_view target,
                std::string_view body = {}) {
    return ask(connect_to(port), method, target, body);
}

std::string receive(Fd const& client, std::size_t count) {
    std::string bytes(count, '\0');
    auto const got = ::recv(client.get(), bytes.data(), count, MSG_WAITALL);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

std::string error_of(Settings settings) {
    auto const started = Server::start(std::move(settings));
    if (started.has_value()) return "it started";
    EXPECT_EQ(started.error().code, Errc::config);
    return started.error().message;
}

}  // namespace

TEST(Server, ServesTheProtocolOnEveryThread) {
    auto settings = quiet();
    settings.listen.threads = 3;
    auto const server = Server::start(settings).value();
    EXPECT_EQ(server->address(), fmt::format("127.0.0.1:{}", server->port()));
    EXPECT_EQ(server->root(), "");
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([port = server->port()] {
            for (int n = 0; n < 20; ++n)
                EXPECT_THAT(ask(port, "GET", "/v2/"), StartsWith("HTTP/1.1 200 OK\r\n"));
        });
    }
    for (auto& client : clients) client.join();
    server->stop();
}

TEST(Server, KeepsWhatWasPushedAcrossARestart) {
    TemporaryDirectory const directory;
    auto settings = quiet();
    settings.storage.in_memory = false;
    settings.storage.root = directory.file("data");
    {
        auto const server = Server::start(settings).value();
        EXPECT_EQ(server->root(), settings.storage.root);
        EXPECT_THAT(error_of(settings), HasSubstr(settings.storage.root));  // One process a directory.
        auto const target = fmt::format("/v2/a/b/blobs/uploads/?digest={}", hello_digest);
        EXPECT_THAT(ask(server->port(), "POST", target, "hello"), StartsWith("HTTP/1.1 201 "));
        server->stop();
    }
    auto const server = Server::start(settings).value();
    EXPECT_THAT(
        ask(server->port(), "GET", fmt::format("/v2/a/b/blobs/{}", hello_digest)),
        AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Length: 5\r\n"), HasSubstr("\r\n\r\nhello")));
}

TEST(Server, ServesItsControlSocketBesideItsPort) {
    TemporaryDirectory const directory;
    auto settings = quiet();
    settings.storage.in_memory = false;
    settings.storage.root = directory.file("data");
    auto const path = directory.file("data/ocilot/control.sock");
    auto const server = Server::start(settings).value();
    EXPECT_EQ(server->control_socket(), path);
    EXPECT_THAT(ask(server->port(), "GET", "/v2/"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(ask(connect_to_path(path), "GET", "/v2/"), StartsWith("HTTP/1.1 200 "));
    server->stop();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Server, WithoutAnAddressServesOnlyItsControlSocket) {
    TemporaryDirectory const directory;
    auto settings = quiet();
    settings.listen.address = "";
    settings.listen.control_socket = directory.file("socket");
    {
        auto const server = Server::start(settings).value();
        EXPECT_EQ(server->address(), "");
        EXPECT_EQ(server->port(), 0);
        EXPECT_THAT(ask(connect_to_path(settings.listen.control_socket), "GET", "/healthz"),
                    StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(error_of(settings), HasSubstr("another process listens there"));
    }
    EXPECT_FALSE(std::filesystem::exists(settings.listen.control_socket));
}

TEST(Server, InMemoryHasAControlSocketOnlyWhereOneIsNamed) {
    auto const server = Server::start(quiet()).value();
    EXPECT_EQ(server->control_socket(), "");
}

TEST(Server, AnswersATlsHelloOnThePlainPort) {
    auto const server = Server::start(quiet()).value();
    auto const client = connect_to(server->port());
    client.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
    EXPECT_THAT(client.receive_all(),
                AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("\"errors\""), HasSubstr("plain HTTP")));
}

TEST(Server, TellsASlowClientBeforeItCloses) {
    auto settings = quiet();
    settings.limits.header_timeout = std::chrono::seconds(1);
    auto const server = Server::start(settings).value();
    auto const client = connect_to(server->port());
    client.send("GET /v2/ HTTP/1.1\r\nHo");
    EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 408 "));
}

TEST(Server, ShowsOperationsOnTheDebugAddressAlone) {
    auto settings = quiet();
    settings.listen.debug_address = "127.0.0.1:0";
    auto const server = Server::start(settings).value();
    auto const colon = server->debug_address().rfind(':');
    auto const port = static_cast<std::uint16_t>(std::stoul(server->debug_address().substr(colon + 1)));
    EXPECT_THAT(ask(port, "GET", "/readyz"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(ask(port, "GET", "/metrics"), HasSubstr("ocilot_http_requests_total{"));
    EXPECT_THAT(ask(port, "GET", "/v2/"), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask(server->port(), "GET", "/metrics"), StartsWith("HTTP/1.1 404 "));
}

TEST(Server, ShowsOperationsOnItsAddressWithoutADebugAddress) {
    auto const server = Server::start(quiet()).value();
    EXPECT_THAT(ask(server->port(), "GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(server->debug_address(), "");
}

TEST(Server, LetsTheRequestUnderWayEndWhenItStops) {
    auto const server = Server::start(quiet()).value();
    auto const idle = connect_to(server->port());
    idle.send("GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(receive(idle, 8), "HTTP/1.1");
    auto busy = connect_to(server->port());
    busy.send(
        fmt::format("POST /v2/a/blobs/uploads/?digest={} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
                    "Expect: 100-continue\r\n\r\n",
                    hello_digest));
    EXPECT_EQ(receive(busy, 25), "HTTP/1.1 100 Continue\r\n\r\n");
    std::thread stopping([&server] { server->stop(); });
    EXPECT_THAT(idle.receive_all(), Not(HasSubstr("Connection: close")));  // It ends: draining has begun.
    busy.send("hello");
    EXPECT_THAT(busy.receive_all(),
                AllOf(StartsWith("HTTP/1.1 201 "), HasSubstr("\r\nConnection: close\r\n")));
    busy.close();
    stopping.join();
}

TEST(Server, DropsRequestsThatOutlastTheDrainTime) {
    auto settings = quiet();
    settings.limits.drain_timeout = std::chrono::seconds(0);
    auto const server = Server::start(settings).value();
    auto const half = connect_to(server->port());
    half.send(
        "PUT /v2/a/manifests/b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(receive(half, 25), "HTTP/1.1 100 Continue\r\n\r\n");
    server->stop();
    EXPECT_THAT(half.receive_all(), Not(HasSubstr("HTTP/1.1 2")));
}

TEST(Server, StopsOnItsOwnWhenItGoesAway) {
    auto server = Server::start(quiet()).value();
    auto const client = connect_to(server->port());
    server.reset();
    EXPECT_EQ(client.receive_all(), "");
}

TEST(Server, SaysWhyItCannotStart) {
    auto const other = Server::start(quiet()).value();
    auto settings = quiet();
    settings.listen.address = other->address();
    EXPECT_THAT(error_of(settings), HasSubstr("already in use"));
    settings = quiet();
    settings.listen.debug_address = other->address();
    EXPECT_THAT(error_of(settings), HasSubstr("already in use"));
    settings = quiet();
    settings.listen.address = "nonsense";
    EXPECT_THAT(error_of(settings), HasSubstr("nonsense"));
    settings = quiet();
    settings.tls.certificate = "/nowhere.pem";
    EXPECT_THAT(error_of(settings), HasSubstr("a certificate and a key"));
    settings.tls.key = "/nowhere.pem";
    EXPECT_THAT(error_of(settings), HasSubstr("/nowhere.pem"));
    settings.tls.minimum = "ssl3";
    EXPECT_THAT(error_of(settings), HasSubstr("ssl3"));
    settings.tls.minimum = "tls1.2";
    settings.tls.suites = {"TLS_RSA_WITH_AES_128_CBC_SHA"};
    EXPECT_THAT(error_of(settings), HasSubstr("invalid cipher suite \"TLS_RSA_WITH_AES_128_CBC_SHA\""));
    TemporaryDirectory const directory;
    std::ofstream(directory.file("file")) << "x";
    settings = quiet();
    settings.storage.in_memory = false;
    settings.storage.root = directory.file("file");
    EXPECT_THAT(error_of(settings), HasSubstr(settings.storage.root));
}

TEST(Server, ServesTlsAndTakesANewCertificate) {
    TemporaryDirectory const directory;
    auto settings = quiet();
    settings.tls.certificate = directory.file("cert.pem");
    settings.tls.key = directory.file("key.pem");
    net::TlsSettings const files{settings.tls.certificate, settings.tls.key, net::TlsVersion::tls1_2};
    write_certificate(files, "first");
    auto const server = Server::start(settings).value();
    auto const name_seen = [&server] {
        auto const fd = connect_to(server->port());
        TlsClient const client(fd.get());
        EXPECT_TRUE(client.connect());
        EXPECT_TRUE(client.write("GET /v2/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
        bool orderly = false;
        EXPECT_THAT(client.read_all(orderly), StartsWith("HTTP/1.1 200 "));
        EXPECT_TRUE(orderly);
        return client.server_name();
    };
    EXPECT_EQ(name_seen(), "first");
    write_certificate(files, "second");
    EXPECT_TRUE(server->reload_tls().has_value());
    EXPECT_EQ(name_seen(), "second");
    std::ofstream(settings.tls.key) << "rubbish";
    EXPECT_EQ(server->reload_tls().error().code, Errc::config);
    EXPECT_EQ(name_seen(), "second");
    auto const plain = ask(server->port(), "GET", "/v2/");
    EXPECT_THAT(plain, AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("\"errors\""), HasSubstr("https://")));
}
