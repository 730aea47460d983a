#include "base/log_writer.h"

#include <array>
#include <gtest/gtest.h>
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
