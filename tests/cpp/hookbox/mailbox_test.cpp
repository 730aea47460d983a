#include "hookbox/mailbox.h"

#include "hookbox/fixture.h"

#include <atomic>
#include <thread>

using namespace ocilot;
using namespace ocilot::test;
using hookbox::Answer;
using hookbox::Mailbox;
using hookbox::Topic;

namespace {

Answer reply(std::string text) {
    return hookbox::Reply{std::move(text)};
}

std::string text_of(Askers::Slot const& slot) {
    return std::get<hookbox::Reply>((*slot)->value()).text;
}

bool has(Metrics const& metrics, std::string const& line) {
    return metrics.text().find(line + "\n") != std::string::npos;
}

class MailboxTest : public ::testing::Test {
  protected:
    static Mailbox::TimePoint later(Mailbox::Duration by) { return std::chrono::steady_clock::now() + by; }

    Metrics metrics;
    Askers askers;
};

}  // namespace

TEST_F(MailboxTest, BringsEachAnswerToWhoAsked) {
    Mailbox box(metrics);
    auto const one = askers.ask(box);
    auto const two = askers.ask(box);
    auto const first = box.try_take();
    auto const second = box.try_take();
    ASSERT_TRUE(first && second);
    EXPECT_LT(first->id, second->id) << "the oldest first";
    EXPECT_FALSE(box.try_take());
    EXPECT_TRUE(box.answer(second->id, reply("two")));
    askers.poll();
    EXPECT_FALSE(*one);
    EXPECT_EQ(text_of(two), "two");
    EXPECT_TRUE(box.answer(first->id, reply("one")));
    askers.finish();
    EXPECT_EQ(text_of(one), "one");
    EXPECT_TRUE(has(metrics, R"(ocilot_hook_questions_total{point="authorize",outcome="answered"} 2)"));
    EXPECT_TRUE(has(metrics, "ocilot_hook_questions_outstanding 0"));
}

TEST_F(MailboxTest, HandsOutWhatTheQuestionIsAbout) {
    Mailbox box(metrics);
    auto const asked = askers.ask(box, Topic::authenticate, 1h, hookbox::LoginCase{"ann", "secret", "::1"});
    auto const question = box.take(0s);
    ASSERT_TRUE(question);
    EXPECT_EQ(question->topic, Topic::authenticate);
    EXPECT_EQ(std::get<hookbox::LoginCase>(question->about).name, "ann");
    EXPECT_GT(question->deadline, later(30min));
}

TEST_F(MailboxTest, AnswersWhatNobodyAnsweredInTimeItself) {
    Mailbox box(metrics);
    auto const taken = askers.ask(box, Topic::admit_manifest, 1h);
    auto const id = box.try_take()->id;
    auto const untaken = askers.ask(box, Topic::authorize, 2h);
    box.tick(later(90min));
    askers.poll();
    ASSERT_TRUE(*taken);
    EXPECT_EQ((*taken)->error().code, Errc::unavailable);
    EXPECT_EQ((*taken)->error().message, "no hook answered admit_manifest within the deadline of 3600 s");
    EXPECT_FALSE(*untaken);
    box.tick(later(3h));
    askers.finish();
    EXPECT_EQ((*untaken)->error().code, Errc::unavailable);
    EXPECT_FALSE(box.try_take()) << "nobody waits for it any more";
    EXPECT_FALSE(box.answer(id, reply("late")));
    EXPECT_TRUE(has(metrics, R"(ocilot_hook_questions_total{point="admit_manifest",outcome="late"} 1)"));
    EXPECT_TRUE(has(metrics, "ocilot_hook_answers_dropped_total 1"));
}

TEST_F(MailboxTest, LooksAtDeadlinesOfItsOwnAccord) {
    Mailbox box(metrics);
    auto const asked = askers.ask(box, Topic::authorize, 1ms);
    askers.finish();
    EXPECT_EQ((*asked)->error().code, Errc::unavailable);
}

TEST_F(MailboxTest, LooksAtDeadlinesAfterALongSleep) {
    Mailbox box(metrics);
    auto const first = askers.ask(box, Topic::authorize, 1h);
    ASSERT_TRUE(box.try_take());
    // Longer than the ticker looks without anything to do: it sleeps until a deadline that is far away.
    auto const last = askers.ask(box, Topic::authorize, 100ms);
    ASSERT_TRUE(box.try_take());
    while (!*last) askers.poll();
    auto const soon = askers.ask(box, Topic::authorize, 1ms);
    while (!*soon) askers.poll();
    EXPECT_FALSE(*first);
}

TEST_F(MailboxTest, TakesAnAnswerOnce) {
    Mailbox box(metrics);
    auto const asked = askers.ask(box);
    auto const id = box.try_take()->id;
    EXPECT_FALSE(box.answer(id + 1, reply("of nobody")));
    EXPECT_TRUE(box.answer(id, reply("yes")));
    EXPECT_FALSE(box.answer(id, reply("no")));
    askers.finish();
    EXPECT_EQ(text_of(asked), "yes");
}

TEST_F(MailboxTest, RefusesAtOnceWhatItCannotHold) {
    Mailbox box(metrics, 2);
    auto const one = askers.ask(box);
    ASSERT_TRUE(box.try_take()) << "what is being answered counts, too";
    auto const two = askers.ask(box);
    auto const three = askers.ask(box, Topic::admit_blob);
    ASSERT_TRUE(*three);
    EXPECT_EQ((*three)->error().code, Errc::unavailable);
    EXPECT_EQ((*three)->error().message,
              "cannot call admit_blob: 2 calls are waiting for hooks; retry in a few seconds");
    EXPECT_FALSE(*one || *two);
    EXPECT_TRUE(has(metrics, R"(ocilot_hook_questions_total{point="admit_blob",outcome="refused"} 1)"));
}

TEST_F(MailboxTest, AnswersEverythingWhenItCloses) {
    Mailbox box(metrics);
    auto const taken = askers.ask(box);
    auto const id = box.try_take()->id;
    auto const waiting = askers.ask(box);
    std::thread taker([&] {
        while (box.take(1h)) {
        }
    });
    box.close();
    taker.join();
    auto const after = askers.ask(box);
    askers.finish();
    for (auto const& slot : {taken, waiting, after}) {
        ASSERT_TRUE(*slot);
        // The taker may have been quicker; then nobody answered what it took.
        EXPECT_EQ((*slot)->error().message, "the registry stopped before a hook answered authorize");
    }
    EXPECT_TRUE(box.closed());
    EXPECT_FALSE(box.answer(id, reply("late")));
    EXPECT_FALSE(box.take(1h)) << "at once";
}

TEST_F(MailboxTest, AnswersEverythingWhenItIsDestroyed) {
    Askers::Slot asked;
    {
        Mailbox box(metrics);
        asked = askers.ask(box);
    }
    askers.finish();
    EXPECT_EQ((*asked)->error().code, Errc::unavailable);
}

TEST_F(MailboxTest, KnowsWhetherAnybodyEverCame) {
    Mailbox box(metrics);
    EXPECT_FALSE(box.attended());
    EXPECT_FALSE(box.take(0s));
    EXPECT_TRUE(box.attended());
}

TEST_F(MailboxTest, WakesATakerThatSleeps) {
    Mailbox box(metrics);
    std::thread taker([&] {
        auto const question = box.take(1h);
        if (question) box.answer(question->id, reply("awake"));
    });
    auto const asked = askers.ask(box);
    askers.finish();
    taker.join();
    EXPECT_EQ(text_of(asked), "awake");
}

TEST_F(MailboxTest, LetsNoSlowAnswerHoldUpTheOthers) {
    Mailbox box(metrics);
    std::atomic<bool> over{false};
    std::atomic<int> answered{0};
    std::vector<std::thread> takers;
    for (int i = 0; i < 3; ++i) {
        takers.emplace_back([&] {
            while (auto const question = box.take(1h)) {
                if (question->topic == Topic::reload) over.wait(false);
                box.answer(question->id, reply("done"));
                ++answered;
            }
        });
    }
    auto const slow = askers.ask(box, Topic::reload);
    std::vector<Askers::Slot> quick;
    for (int i = 0; i < 20; ++i) quick.push_back(askers.ask(box));
    for (auto const& slot : quick) {
        while (!*slot) askers.poll();
    }
    EXPECT_FALSE(*slow);
    over = true;
    over.notify_all();
    askers.finish();
    EXPECT_EQ(text_of(slow), "done");
    box.close();
    for (auto& taker : takers) taker.join();
    EXPECT_EQ(answered, 21);
}

TEST_F(MailboxTest, LosesNothingBetweenManyAskersAndTakers) {
    constexpr int contexts = 3;
    constexpr int chains = 8;
    constexpr int questions = 300;
    Mailbox box(metrics);
    std::vector<std::thread> takers;
    for (int i = 0; i < 4; ++i) {
        takers.emplace_back([&] {
            while (!box.closed()) {
                auto question = box.try_take();
                if (!question) question = box.take(1ms);
                if (question) box.answer(question->id, reply(std::to_string(question->id)));
            }
        });
    }
    std::atomic<int> right{0};
    auto const chain = [](Mailbox& asked, std::atomic<int>& count) -> Task<> {
        for (int i = 0; i < questions; ++i) {
            auto const answer = co_await asked.ask(Topic::authorize, hookbox::ControlCase{}, 1h);
            if (answer.has_value()) ++count;
        }
    };
    std::vector<std::thread> askers_of_all;
    for (int i = 0; i < contexts; ++i) {
        askers_of_all.emplace_back([&] {
            asio::io_context context(1);
            for (int j = 0; j < chains; ++j) asio::co_spawn(context, chain(box, right), asio::detached);
            context.run();
        });
    }
    for (auto& thread : askers_of_all) thread.join();
    box.close();
    for (auto& taker : takers) taker.join();
    EXPECT_EQ(right, contexts * chains * questions);
    EXPECT_TRUE(has(metrics, "ocilot_hook_questions_outstanding 0"));
}
