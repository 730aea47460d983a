#include "net/local_listener.h"

#include "loopback.h"
#include "net/address.h"
#include "net/socket_file.h"
#include "net/tcp_conn.h"
#include "run.h"

#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>

using namespace ocilot;
using test::TemporaryDirectory;

namespace {

/// Answers one connection with what it said, through a Conn.
Task<> echo(std::string const& path, std::string const& reached_at, std::string& heard) {
    auto const executor = co_await asio::this_coro::executor;
    auto acceptor = net::listen_locally(executor.context(), path).value();
    auto const client = test::connect_to_path(reached_at);
    client.send("hello");
    auto accepted = co_await net::accept(acceptor);
    auto const conn = net::make_tcp_conn(std::move(accepted).value());
    EXPECT_EQ(conn->peer(), "local");
    EXPECT_EQ(net::without_port(conn->peer()), "local");
    EXPECT_FALSE(conn->is_tls());
    std::array<std::byte, 16> buffer{};
    auto const size = (co_await conn->read_some(buffer)).value();
    auto const written = co_await conn->write(std::span(buffer).first(size));
    EXPECT_TRUE(written.has_value());
    auto const file = test::file_of(" from a file");
    auto const sent = co_await conn->send_file(file.get(), 0, 12);
    EXPECT_TRUE(sent.has_value());
    co_await conn->finish_writing();
    heard = client.receive_all();
}

std::string error_at(std::string const& path) {
    asio::io_context context(1);
    auto const refused = net::listen_locally(context, path);
    if (refused.has_value()) return "it listens";
    EXPECT_EQ(refused.error().code, Errc::config);
    return refused.error().message;
}

mode_t mode_of(std::string const& path) {
    struct stat found{};
    EXPECT_EQ(::stat(path.c_str(), &found), 0);
    return found.st_mode & 07777;
}

}  // namespace

TEST(LocalListener, GivesAConnThatReadsWritesAndSendsFiles) {
    TemporaryDirectory const directory;
    std::string heard;
    test::run(echo(directory.file("socket"), directory.file("socket"), heard));
    EXPECT_EQ(heard, "hello from a file");
}

TEST(LocalListener, ListensAtAPathOfAnyLength) {
    TemporaryDirectory const directory;
    auto const deep = directory.file(std::string(120, 'd') + "/" + std::string(60, 'e'));
    std::filesystem::create_directories(deep);
    std::filesystem::create_directory_symlink(deep, directory.file("short"));
    std::string heard;
    test::run(echo(deep + "/socket", directory.file("short/socket"), heard));
    EXPECT_EQ(heard, "hello from a file");
}

TEST(LocalListener, IsForItsOwnerOnly) {
    TemporaryDirectory const directory;
    asio::io_context context(1);
    auto const acceptor = net::listen_locally(context, directory.file("socket")).value();
    EXPECT_EQ(mode_of(directory.file("socket")), 0600);
}

TEST(LocalListener, ReplacesWhatADeadProcessLeft) {
    TemporaryDirectory const directory;
    asio::io_context context(1);
    net::listen_locally(context, directory.file("socket")).value().close();
    ASSERT_TRUE(std::filesystem::exists(directory.file("socket")));
    EXPECT_TRUE(net::listen_locally(context, directory.file("socket")).has_value());
}

TEST(LocalListener, TakesTheFileAwayAtTheEnd) {
    TemporaryDirectory const directory;
    asio::io_context context(1);
    auto const acceptor = net::listen_locally(context, directory.file("socket")).value();
    {
        net::SocketFile const file(directory.file("socket"));
    }
    EXPECT_FALSE(std::filesystem::exists(directory.file("socket")));
}

TEST(LocalListener, SaysWhyItCannotListen) {
    TemporaryDirectory const directory;
    asio::io_context context(1);
    auto const socket = directory.file("socket");
    auto const acceptor = net::listen_locally(context, socket).value();
    constexpr auto sentence =
        "cannot create the control socket {}: {}; set another path in ocilot.controlsocket";
    EXPECT_EQ(error_at(socket), fmt::format(sentence, socket, "another process listens there"));

    auto const file = directory.file("file");
    std::ofstream(file) << "precious";
    EXPECT_EQ(error_at(file), fmt::format(sentence, file, "the path exists and is not a socket"));
    EXPECT_TRUE(std::filesystem::exists(file));

    auto const nowhere = directory.file("nowhere/socket");
    EXPECT_EQ(error_at(nowhere), fmt::format(sentence, nowhere, "No such file or directory"));
    auto const endless = directory.file(std::string(200, 'x'));
    EXPECT_EQ(error_at(endless), fmt::format(sentence, endless, "File name too long"));
}
