#include "base/log_writer.h"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace ocilot;

namespace {

struct Pipe {
    Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
    ~Pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    Pipe(Pipe const&) = delete;
    Pipe& operator=(Pipe const&) = delete;
    std::array<int, 2> ends{};
};

}  // namespace

TEST(LogWriter, WritesEveryLineInOrderBeforeItEnds) {
    Pipe pipe;
    Counter dropped;
    {
        LogWriter writer(pipe.ends[1], 1000, dropped);
        writer.write("one\n");
        writer.write("two\n");
    }
    std::array<char, 100> seen{};
    EXPECT_EQ(::read(pipe.ends[0], seen.data(), seen.size()), 8);
    EXPECT_STREQ(seen.data(), "one\ntwo\n");
    EXPECT_EQ(dropped.value(), 0U);
}

TEST(LogWriter, DropsAndCountsInsteadOfWaitingForAReader) {
    Pipe pipe;
    Counter dropped;
    std::string const line(1000, 'x');
    {
        LogWriter writer(pipe.ends[1], 10'000, dropped);
        for (int i = 0; i < 200; ++i) writer.write(line);
    }
    EXPECT_GT(dropped.value(), 0U);
}

TEST(LogWriter, CountsWhatItDropsAtTheEnd) {
    Pipe pipe;
    ASSERT_EQ(::fcntl(pipe.ends[1], F_SETPIPE_SZ, 4096), 4096);
    std::string const page(4096, 'x');
    ASSERT_EQ(::write(pipe.ends[1], page.data(), page.size()), 4096);
    Counter dropped;
    {
        LogWriter writer(pipe.ends[1], 1000, dropped);
        for (int i = 0; i < 7; ++i) writer.write("a line\n");
    }
    EXPECT_EQ(dropped.value(), 7U);
}

TEST(LogWriter, EndsEvenWhenItIsStuckInAWrite) {
    // Unlike a pipe, a socket that polls as writable may keep a writer who has more to say than it takes.
    auto ends = std::array<int, 2>{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    int const least = 1;
    ASSERT_EQ(::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
    Counter dropped;
    {
        LogWriter writer(ends[1], 100'000, dropped);
        std::string const line = std::string(4000, 'x') + '\n';
        for (int i = 0; i < 10; ++i) writer.write(line);
    }
    EXPECT_GT(dropped.value(), 0U);
    // Frees the thread, which may still hold the socket: it stays open.
    auto room = std::string(100'000, '\0');
    EXPECT_GT(::read(ends[0], room.data(), room.size()), 0);
}
