#include "base/turns.h"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace ocilot;

namespace {

struct Attributes {
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::array<std::uint64_t, 3> times;  ///< the first one: of a turn
};

Attributes attributes() {
    Attributes found{};
    EXPECT_EQ(::syscall(SYS_sched_getattr, 0, &found, sizeof found, 0), 0);
    return found;
}

/// Runs `look` on a thread of its own: what it changes ends with it.
void on_a_thread(auto const& look) {
    std::thread(look).join();
}

}  // namespace

TEST(Turns, AreBriefAndUsualAgain) {
    on_a_thread([] {
        auto const before = attributes();
        if (before.times[0] == 0) GTEST_SKIP() << "this kernel gives all threads the same turns";
        take_turns(Turns::brief);
        EXPECT_EQ(attributes().times[0], 100'000U);
        take_turns(Turns::usual);
        EXPECT_EQ(attributes().times[0], before.times[0]);
    });
}

TEST(Turns, ArePatientForAsLongAsTheyAreTaken) {
    on_a_thread([] {
        auto const before = attributes();
        if (before.times[0] == 0) GTEST_SKIP() << "this kernel gives all threads the same turns";
        {
            PatientTurns const turns;
            EXPECT_EQ(attributes().times[0], 100'000'000U);
        }
        EXPECT_EQ(attributes().times[0], before.times[0]);
    });
}

TEST(Turns, KeepWhatTheUserHasSet) {
    on_a_thread([] {
        ASSERT_EQ(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 10), 0);
        take_turns(Turns::brief);
        EXPECT_EQ(attributes().nice, 10);
        EXPECT_EQ(attributes().policy, 0U);
    });
}
