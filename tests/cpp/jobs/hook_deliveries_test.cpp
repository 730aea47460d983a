#include "jobs/hook_deliveries.h"

#include "jobs/consumer_metrics.h"
#include "registry/fixture.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace ocilot;
using namespace ocilot::test;
using jobs::HookReceiver;
using meta::Change;
using meta::ChangeKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

/// Listeners of the test's own: what each is told is kept in `told`.
class FakeFeed final : public policy::Feed {
  public:
    using Told = std::optional<std::string>;

    std::vector<policy::Listener> list = {};
    std::uint64_t number = 1;
    std::vector<std::string> told = {};  ///< `a.py on_tag_moved team/app v1`
    nlohmann::json last = {};            ///< the event that was told last
    std::function<Result<Told>(std::string const&)> answer = [](std::string const&) {
        return Result<Told>(Told());
    };
    std::string hanging = {};  ///< a script that answers nothing until the end
    bool ended = false;
    std::function<void()> changed = {};

    [[nodiscard]] std::vector<policy::Listener> listeners() const override { return list; }
    [[nodiscard]] std::uint64_t generation() const noexcept override { return number; }
    Task<Result<Told>> tell(policy::Listener listener, std::string point, std::string event) override {
        auto const data = last = nlohmann::json::parse(event);
        told.push_back(listener.name + " " + point + " " + data.value("repository", "-") + " " +
                       data.value("tag", "-"));
        while (listener.name == hanging) {
            if (ended) co_return Error{Errc::unavailable, "the registry stopped"};
            co_await asio::post(use_task);
        }
        co_return answer(told.back());
    }
    void end() override { ended = true; }
    void on_change(std::function<void()> call) override { changed = std::move(call); }
};

Change pushed_tag(std::string repository, std::string tag, std::string by = "ann") {
    Change change{.kind = ChangeKind::manifest_push, .by = {std::move(by), "robot"}};
    change.repository = std::move(repository);
    change.digest = "sha256:a";
    change.details.tags = {{std::move(tag)}};
    return change;
}

policy::Listener listener(std::string name, std::vector<std::string> points) {
    return {.name = std::move(name), .points = std::move(points)};
}

class HookDeliveriesTest : public RegistryTest {
  protected:
    void note(Change change) {
        change.at = clock.now();
        ASSERT_TRUE(run(meta->journal().append({std::move(change)})).has_value());
    }
    /// The places of the listeners, before anything happens.
    void join() {
        for (auto const& one : feed.list) {
            ASSERT_TRUE(run(meta->consumers().join("hook:" + one.name)).has_value());
        }
    }
    /// Delivers until `count` events were told.
    void deliver(std::size_t count) {
        auto const inner = feed.answer;
        feed.answer = [&, inner](std::string const& what) {
            auto answer = inner(what);
            if (feed.told.size() >= count) deliveries->stop();
            return answer;
        };
        run(drive());
        feed.answer = inner;
    }
    Task<> drive() {
        jobs::DeliveryParts with{*meta, clock, random, log, metrics, "test"};
        deliveries =
            std::make_unique<jobs::HookDeliveries>(co_await asio::this_coro::executor, feed, std::move(with));
        co_await deliveries->run();
    }
    /// Takes the scripts away while the second hangs, asks for a replay, and stops.
    Task<> take_away_and_stop(std::int64_t last) {
        while (feed.told.size() < 4) co_await asio::post(use_task);
        feed.list.clear();
        ++feed.number;
        feed.changed();
        for (std::int64_t place = 0; place < last;) {
            co_await asio::post(use_task);
            auto const all = co_await meta->consumers().list();
            place = all.value().at(0).place;
        }
        auto const replayed = co_await deliveries->replay("b.py", {});
        EXPECT_EQ(replayed.value(), 1U);
        deliveries->stop();
    }
    std::vector<std::string> places() {
        std::vector<std::string> names;
        for (auto const& one : run(meta->consumers().list()).value()) names.push_back(one.name);
        return names;
    }

    FakeFeed feed;
    std::unique_ptr<jobs::HookDeliveries> deliveries;
};

bool wants(policy::Listener of, Change const& change) {
    FakeFeed feed;
    return HookReceiver::make(feed, std::move(of)).value().wants(change);
}

}  // namespace

TEST(HookReceiver, WantsWhatItsScriptListensTo) {
    EXPECT_TRUE(wants(listener("a", {"on_manifest_pushed"}), pushed_tag("team/app", "v1")));
    EXPECT_TRUE(wants(listener("a", {"on_tag_moved"}), pushed_tag("team/app", "v1"))) << "a tag that is new";
    EXPECT_FALSE(wants(listener("a", {"on_tag_deleted"}), pushed_tag("team/app", "v1")));
    EXPECT_FALSE(wants(listener("a", {"on_tag_moved"}), {.kind = ChangeKind::account_add, .name = "ann"}));
    auto team = listener("a", {"on_tag_moved", "on_refused"});
    team.repositories = {{"team/*"}};
    EXPECT_TRUE(wants(team, pushed_tag("team/app", "v1")));
    EXPECT_FALSE(wants(team, pushed_tag("other/app", "v1")));
    Change const login{.kind = ChangeKind::login, .refused = true, .name = "ann"};
    EXPECT_FALSE(wants(team, login)) << "it is of no repository";
    EXPECT_TRUE(wants(listener("a", {"on_refused"}), login));
    auto own = listener("a", {"on_tag_moved"});
    own.caller = "robot:ci";
    EXPECT_TRUE(wants(own, pushed_tag("team/app", "v1")));
    EXPECT_FALSE(wants(own, pushed_tag("team/app", "v1", "ci"))) << "it would answer itself for ever";
}

TEST(HookReceiver, EveryEventPointIsReached) {
    std::set<std::string_view> reached;
    for (int i = 0; i <= static_cast<int>(events::Action::webhook_test); ++i) {
        events::Event event;
        event.action = static_cast<events::Action>(i);
        reached.insert(jobs::hook_point_of(event));
    }
    reached.erase("");
    EXPECT_EQ(reached, std::set<std::string_view>(policy::event_points.begin(), policy::event_points.end()));
}

TEST_F(HookDeliveriesTest, APushedImageIsToldWithItsPlatform) {
    auto const config = push(R"({"os":"linux","architecture":"arm64","variant":"v8"})");
    auto const text = image(config, {});
    ASSERT_TRUE(push_manifest(text, tag("v1")).has_value());
    auto receiver = HookReceiver::make(feed, listener("a.py", {"on_manifest_pushed"}), &parts).value();
    auto change = pushed_tag("team/app", "v1");
    change.digest = sha256(text).str();
    change.media_type = oci_manifest;
    std::vector<Change> const changes{change};
    EXPECT_EQ(run(receiver.deliver(changes, false)).verdict, jobs::DeliveryVerdict::delivered);
    EXPECT_EQ(feed.last.at("platform"), "linux/arm64/v8");
}

TEST(HookReceiver, RefusesAPatternThatIsNone) {
    FakeFeed feed;
    auto bad = listener("a", {});
    bad.repositories = {{"Team/*"}};
    EXPECT_EQ(HookReceiver::make(feed, bad).error().code, Errc::config);
}

TEST_F(HookDeliveriesTest, TellsEachScriptInOrderAndKeepsItsPlace) {
    feed.list = {listener("a.py", {"on_tag_moved"}),
                 listener("b.py", {"on_manifest_pushed", "on_tag_moved"})};
    join();
    note(pushed_tag("team/app", "v1"));
    note(pushed_tag("team/app", "v2"));
    deliver(6);
    std::vector<std::string> of_a;
    std::ranges::copy_if(feed.told, std::back_inserter(of_a),
                         [](auto const& one) { return one.starts_with("a"); });
    EXPECT_THAT(of_a, ElementsAre("a.py on_tag_moved team/app v1", "a.py on_tag_moved team/app v2"));
    EXPECT_EQ(feed.told.size(), 6U);
    EXPECT_TRUE(feed.ended);
    feed.told.clear();
    note(pushed_tag("team/app", "v3"));
    deliver(3);
    for (auto const& one : feed.told) EXPECT_TRUE(one.ends_with("v3")) << one;
}

TEST_F(HookDeliveriesTest, AScriptThatFailsHoldsUpItsRepositoryAndNoOtherScript) {
    feed.list = {listener("a.py", {"on_tag_moved"}), listener("b.py", {"on_tag_moved"})};
    join();
    feed.answer = [](std::string const& what) {
        bool const fails = what.starts_with("a.py") && what.find("team/app") != what.npos;
        return Result<FakeFeed::Told>(fails ? FakeFeed::Told("it raised ValueError") : FakeFeed::Told());
    };
    note(pushed_tag("team/app", "v1"));
    note(pushed_tag("team/app", "v2"));
    note(pushed_tag("other/app", "v1"));
    deliver(5);
    EXPECT_THAT(feed.told, ::testing::UnorderedElementsAre(
                               "a.py on_tag_moved team/app v1", "a.py on_tag_moved other/app v1",
                               "b.py on_tag_moved team/app v1", "b.py on_tag_moved team/app v2",
                               "b.py on_tag_moved other/app v1"));
    auto const scripts = run(deliveries->list()).value();
    ASSERT_EQ(scripts.size(), 2U);
    EXPECT_EQ(scripts[0].name, "a.py");
    EXPECT_EQ(scripts[0].waiting, 2U);
    EXPECT_EQ(scripts[0].state.last_error, "it raised ValueError");
    EXPECT_EQ(scripts[1].waiting, 0U);
}

TEST_F(HookDeliveriesTest, AScriptThatListensNoMoreIsForgotten) {
    feed.list = {listener("a.py", {"on_tag_moved"}), listener("b.py", {"on_tag_moved"})};
    join();
    ASSERT_TRUE(run(meta->consumers().join("webhook:a.py")).has_value());
    feed.list.erase(feed.list.begin());
    note(pushed_tag("team/app", "v1"));
    deliver(1);
    EXPECT_THAT(places(), ElementsAre("hook:b.py", "webhook:a.py"));
}

TEST_F(HookDeliveriesTest, NothingWaitsForAScriptThatListensNoMore) {
    feed.list = {listener("a.py", {"on_tag_moved"}), listener("b.py", {"on_tag_moved"})};
    join();
    note(pushed_tag("team/app", "v1"));
    auto const before = run(meta->consumers().list()).value();
    jobs::note_consumer(metrics, before.at(0), clock.now());
    EXPECT_THAT(metrics.text(), HasSubstr("ocilot_consumer_lag_entries{consumer=\"hook:a.py\"} 1"));
    feed.list.erase(feed.list.begin());
    deliver(1);
    EXPECT_THAT(metrics.text(), HasSubstr("ocilot_consumer_lag_entries{consumer=\"hook:a.py\"} 0"));
}

TEST_F(HookDeliveriesTest, AScriptThatIsTakenAwayWhileItHangsHarmsNothingAndKeepsNobodyFromStopping) {
    feed.list = {listener("a.py", {"on_tag_moved"}), listener("b.py", {"on_tag_moved"})};
    feed.hanging = "b.py";
    join();
    note(pushed_tag("team/app", "v1"));
    auto const parked = run(meta->journal().last()).value();
    meta::ConsumerStep step{.name = "hook:b.py", .from = 0, .to = parked};
    step.hold = {{.id = parked, .parked = true}};
    ASSERT_TRUE(run(meta->consumers().advance(step)).has_value());
    note(pushed_tag("team/app", "v2"));
    note(pushed_tag("team/app", "v3"));
    asio::io_context context(1);
    TaskGroup tasks(context.get_executor());
    tasks.spawn(drive());
    tasks.spawn(take_away_and_stop(run(meta->journal().last()).value()));
    context.run();
    EXPECT_TRUE(feed.ended);
}

TEST_F(HookDeliveriesTest, WithoutScriptsTheirPlacesAreForgotten) {
    for (auto const* const consumer : {"hook:a.py", "webhook:ci"}) {
        ASSERT_TRUE(run(meta->consumers().join(consumer)).has_value());
    }
    asio::io_context context(1);
    jobs::HookDeliveries none(context.get_executor(), feed, {*meta, clock, random, log, metrics, "test"});
    ASSERT_TRUE(run(none.forget_removed()).has_value());
    EXPECT_THAT(places(), ElementsAre("webhook:ci"));
}

TEST_F(HookDeliveriesTest, AnUnknownScriptHasNothingParked) {
    feed.list = {listener("a.py", {"on_tag_moved"})};
    join();
    note(pushed_tag("team/app", "v1"));
    deliver(1);
    EXPECT_THAT(run(deliveries->parked("a.py", 0, 10)).value().items, IsEmpty());
    EXPECT_EQ(run(deliveries->replay("a.py", {})).value(), 0U);
    EXPECT_EQ(run(deliveries->discard("a.py", 7)).value(), 0U);
    EXPECT_EQ(run(deliveries->parked("b.py", 0, 10)).error().code, Errc::not_found);
    EXPECT_EQ(run(deliveries->replay("b.py", {})).error().code, Errc::not_found);
}
