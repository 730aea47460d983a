#include "server/idle_sessions.h"

#include "harness.h"

using namespace ocilot;
using namespace ocilot::test;
using server::IdleSessions;
using server::Session;

namespace {

class Idle : public testing::Test {
  protected:
    Session make() {
        return Session(std::make_unique<ScriptConn>(context.get_executor(), std::vector<Step>(), h.record),
                       h.context);
    }

    asio::io_context context{1};
    Harness h;
    IdleSessions idle;
};

}  // namespace

TEST_F(Idle, TheLongestComesFirst) {
    auto first = make();
    auto second = make();
    auto third = make();
    EXPECT_EQ(idle.longest(), nullptr);
    EXPECT_EQ(idle.oldest(), IdleSessions::Ticks::time_point::max());
    idle.add(first);
    idle.add(second);
    idle.add(third);
    EXPECT_EQ(idle.longest(), &first);
    EXPECT_EQ(idle.oldest(), first.idle_link().since);
    idle.remove(second);
    idle.remove(second);
    idle.remove(first);
    EXPECT_EQ(idle.longest(), &third);
    EXPECT_EQ(idle.oldest(), third.idle_link().since);
    idle.add(first);
    EXPECT_EQ(idle.longest(), &third);
    idle.remove(third);
    EXPECT_EQ(idle.longest(), &first);
    idle.remove(first);
    EXPECT_EQ(idle.longest(), nullptr);
    EXPECT_EQ(idle.oldest(), IdleSessions::Ticks::time_point::max());
}

TEST_F(Idle, OneThatYieldsIsClosedAndGivesUpItsSeatAtOnce) {
    server::Connections connections(1, 0);
    auto slot = connections.acquire("192.0.2.1").value();
    h.context.idle = &idle;
    auto session = make();
    session.set_slot(slot);
    idle.add(session);
    session.close_idle();
    EXPECT_TRUE(h.record.closed);
    EXPECT_EQ(idle.longest(), nullptr);
    EXPECT_TRUE(connections.acquire("192.0.2.2").has_value());
}
