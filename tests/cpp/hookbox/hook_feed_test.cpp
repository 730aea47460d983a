#include "hookbox/hook_feed.h"

#include "base/log.h"
#include "hookbox/fixture.h"

#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using hookbox::Abstain;
using hookbox::Answer;
using hookbox::EventCase;
using hookbox::Failure;
using hookbox::Question;
using hookbox::Topic;

namespace {

class HookFeedTest : public ::testing::Test {
  protected:
    /// Tells a script, while another thread answers.
    Result<std::optional<std::string>> told(Answer with) {
        std::thread answering([this, with = std::move(with)] {
            auto question = mailbox.take(1h);
            ASSERT_TRUE(question);
            asked = std::get<EventCase>(question->about);
            EXPECT_TRUE(mailbox.answer(question->id, with));
        });
        auto answered = run(feed.tell({.name = "a.py", .points = {}, .deadline = 1h}, "on_tag_moved", "{}"));
        answering.join();
        return answered;
    }

    Metrics metrics;
    hookbox::Mailbox mailbox{metrics};
    hookbox::HookFeed feed{mailbox};
    EventCase asked;
};

}  // namespace

TEST_F(HookFeedTest, TellsAScriptAndHearsWhetherItHasTakenNote) {
    EXPECT_EQ(told(Abstain{}).value(), std::nullopt);
    EXPECT_EQ(asked.script, "a.py");
    EXPECT_EQ(asked.point, "on_tag_moved");
    EXPECT_EQ(asked.event, "{}");
    EXPECT_EQ(told(Failure{"it raised", "a.py"}).value(), "it raised");
    EXPECT_EQ(told(policy::Decision::allow()).value(), "unsupported answer");
}

TEST_F(HookFeedTest, WhatCannotBeToldIsUnavailable) {
    mailbox.close();
    auto const told = run(feed.tell({.name = "a.py", .points = {}}, "on_tag_moved", "{}"));
    EXPECT_EQ(told.error().code, Errc::unavailable);
}

TEST_F(HookFeedTest, EndsWhatIsBeingToldAndNothingElse) {
    Askers askers;
    auto const waiting = askers.ask(mailbox, Topic::event, 1h, EventCase{"a.py", "on_tag_moved", "{}"});
    auto const taken = askers.ask(mailbox, Topic::event, 1h, EventCase{"a.py", "on_tag_moved", "{}"});
    auto const other = askers.ask(mailbox);
    auto const question = mailbox.try_take();
    ASSERT_TRUE(question);
    feed.end();
    askers.poll();
    ASSERT_TRUE(waiting->has_value());
    ASSERT_TRUE(taken->has_value());
    EXPECT_EQ((*waiting)->error().code, Errc::unavailable);
    EXPECT_EQ((*taken)->error().code, Errc::unavailable);
    EXPECT_FALSE(other->has_value());
    EXPECT_FALSE(mailbox.answer(question->id, Abstain{})) << "it comes too late";
    mailbox.close();
    askers.finish();
}

TEST_F(HookFeedTest, SaysWhenItsListenersChange) {
    int changes = 0;
    feed.on_change([&] { ++changes; });
    policy::Listener const one{.name = "a.py", .points = {"on_tag_moved"}};
    EXPECT_TRUE(feed.set_listeners({one}).has_value());
    EXPECT_EQ(feed.listeners(), std::vector{one});
    EXPECT_EQ(feed.generation(), 1U);
    EXPECT_EQ(changes, 1);
    feed.on_change({});
    EXPECT_TRUE(feed.set_listeners({}).has_value());
    EXPECT_EQ(feed.generation(), 2U);
    EXPECT_EQ(changes, 1);
}

TEST_F(HookFeedTest, RefusesWhatCannotBeTold) {
    auto const unknown = feed.set_listeners({{.name = "a.py", .points = {"on_mirrored"}}});
    EXPECT_EQ(unknown.error().code, Errc::config);
    EXPECT_NE(unknown.error().message.find("on_manifest_pushed"), std::string::npos);
    for (auto const deadline : {0ms, std::chrono::milliseconds(2h)}) {
        auto const refused = feed.set_listeners({{.name = "a.py", .points = {}, .deadline = deadline}});
        EXPECT_EQ(refused.error().code, Errc::config) << deadline.count();
    }
    EXPECT_EQ(feed.generation(), 0U);
}
