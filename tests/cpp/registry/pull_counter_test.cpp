#include "registry/pull_counter.h"

#include "registry/fixture.h"

#include <atomic>
#include <gmock/gmock.h>
#include <thread>
#include <vector>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class PullCounterTest : public ::testing::Test {
  protected:
    static meta::PullCount by_tag(std::string name, std::string_view content, std::uint64_t pulls) {
        return {"team/app", std::move(name), sha256(content), pulls};
    }
    static meta::PullCount by_digest(std::string_view content, std::uint64_t pulls) {
        return {"team/app", {}, sha256(content), pulls};
    }
    void put_back(std::vector<meta::PullCount> batch) {
        std::list<std::vector<meta::PullCount>> rest;
        rest.push_back(std::move(batch));
        counter.put_back(std::move(rest));
    }

    Metrics metrics;
    registry::PullCounter counter{metrics, 4};
    oci::RepositoryName const app = repository("team/app");
};

}  // namespace

TEST_F(PullCounterTest, CountsByNameAndStartsAgain) {
    counter.add(app, tag("v1"), sha256("one"), true);
    counter.add(app, tag("v1"), sha256("one"), true);
    counter.add(app, tag("v2"), sha256("one"), false);
    counter.add(app, sha256("one"), sha256("one"), true);
    EXPECT_THAT(counter.take(),
                ElementsAre(by_digest("one", 1), by_tag("v1", "one", 2), by_tag("v2", "one", 0)));
    EXPECT_THAT(counter.take(), IsEmpty());
    counter.add(app, tag("v1"), sha256("one"), true);
    EXPECT_THAT(counter.take(), ElementsAre(by_tag("v1", "one", 1)));
}

TEST_F(PullCounterTest, ATagThatMovesCountsForEachManifest) {
    counter.add(app, tag("v1"), sha256("one"), true);
    counter.add(app, tag("v1"), sha256("two"), true);
    counter.add(app, tag("v1"), sha256("two"), true);
    auto const batch = counter.take();
    EXPECT_THAT(batch, ::testing::UnorderedElementsAre(by_tag("v1", "one", 1), by_tag("v1", "two", 2)));
    EXPECT_THAT(counter.take(), IsEmpty());
}

TEST_F(PullCounterTest, DigestsOfBothAlgorithmsAreRead) {
    counter.add(app, sha512("one"), sha512("one"), true);
    counter.add(app, sha256("one"), sha256("one"), true);
    EXPECT_THAT(counter.take(),
                ElementsAre(by_digest("one", 1), meta::PullCount{"team/app", {}, sha512("one"), 1}));
}

TEST_F(PullCounterTest, KnowsTheFirstAndTheLastPull) {
    using std::chrono::seconds;
    auto const at = [](int second) { return Time(seconds(1000 + second)); };
    counter.add(app, tag("v1"), sha256("one"), false, at(0));
    for (int const second : {2, 1, 3}) counter.add(app, tag("v1"), sha256("one"), true, at(second));
    counter.add(app, tag("v1"), sha256("one"), false, at(4));
    counter.add(app, tag("v2"), sha256("one"), true);
    auto pulls = by_tag("v1", "one", 3);
    pulls.first = at(1);
    pulls.last = at(3);
    auto const batch = counter.take();
    EXPECT_THAT(batch, ElementsAre(pulls, by_tag("v2", "one", 1)));
    put_back(batch);
    counter.add(app, tag("v1"), sha256("one"), true, at(9));
    ++pulls.pulls;
    pulls.last = at(9);
    EXPECT_THAT(counter.take(), ElementsAre(pulls, by_tag("v2", "one", 1)));
    counter.add(app, tag("v1"), sha256("one"), true, at(20));
    EXPECT_EQ(counter.take().at(0).first, at(20)) << "each batch begins anew";
}

TEST_F(PullCounterTest, HoldsABoundedNumberOfNamesAndCountsTheRest) {
    for (auto const* const name : {"a", "b", "c", "d", "e", "f"})
        counter.add(app, tag(name), sha256("m"), true);
    counter.add(app, tag("a"), sha256("m"), true);
    EXPECT_EQ(metrics.counter("ocilot_pulls_dropped_total", "").value(), 2U);
    EXPECT_EQ(counter.take_dropped(), 2U);
    EXPECT_EQ(counter.take_dropped(), 0U);
    EXPECT_THAT(counter.take(), SizeIs(4));
    // A name that was not pulled again makes room.
    EXPECT_THAT(counter.take(), IsEmpty());
    for (auto const* const name : {"w", "x", "y", "z"}) counter.add(app, tag(name), sha256("m"), true);
    EXPECT_THAT(counter.take(), SizeIs(4));
    EXPECT_EQ(counter.take_dropped(), 0U);
}

TEST_F(PullCounterTest, WhatCouldNotBeRecordedIsInTheNextBatch) {
    counter.add(app, tag("v1"), sha256("one"), true);
    put_back(counter.take());
    counter.add(app, tag("v1"), sha256("one"), true);
    counter.add(app, tag("v2"), sha256("one"), true);
    EXPECT_THAT(counter.take(), ElementsAre(by_tag("v1", "one", 2), by_tag("v2", "one", 1)));
    put_back({by_tag("a", "m", 1), by_tag("b", "m", 1), by_tag("c", "m", 1)});
    put_back({by_tag("d", "m", 1), by_tag("e", "m", 7)});
    EXPECT_THAT(counter.take(), SizeIs(4)) << "no more than it may hold";
    EXPECT_EQ(counter.take_dropped(), 7U);
}

TEST_F(PullCounterTest, NoPullIsLostWhileBatchesAreTaken) {
    constexpr int threads = 4;
    constexpr std::uint64_t pulls = 20'000;
    registry::PullCounter many{metrics};
    std::atomic<int> running{threads};
    std::vector<std::thread> clients;
    for (int i = 0; i < threads; ++i) {
        clients.emplace_back([&, i] {
            auto const own = tag("own" + std::to_string(i % 2));
            for (std::uint64_t n = 0; n < pulls; ++n) {
                many.add(app, tag("shared"), sha256(n < pulls / 2 ? "one" : "two"), true);
                many.add(app, own, sha256("one"), true);
            }
            --running;
        });
    }
    std::uint64_t shared = 0;
    std::uint64_t own = 0;
    auto const take = [&] {
        auto const batch = many.take();
        for (auto const& count : batch) (count.tag == "shared" ? shared : own) += count.pulls;
        many.recorded(batch);
    };
    while (running > 0) take();
    for (auto& client : clients) client.join();
    take();
    EXPECT_EQ(shared, threads * pulls);
    EXPECT_EQ(own, threads * pulls);
    EXPECT_EQ(metrics.counter("ocilot_pulls_recorded_total", "").value(), shared + own);
}
