#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class MetaPullsContract : public MetaStoreContract {
  protected:
    meta::Pulls& pulls() { return store->pulls(); }
    void record(std::vector<meta::PullCount> batch, int second) {
        EXPECT_TRUE(run(pulls().record(std::move(batch), at(second))).has_value());
    }
    meta::TagPulls of(std::string const& name) { return run(pulls().of_tags(app, {name})).value().at(0); }
    std::vector<std::string> last_pulled(std::optional<meta::PulledTag> after = {}, std::size_t limit = 10) {
        std::vector<std::string> names;
        for (auto& each : run(pulls().last_pulled(app, std::move(after), limit)).value()) {
            names.push_back(std::move(each.tag));
        }
        return names;
    }
    meta::PullCount by_tag(std::string name, std::string_view content, std::uint64_t count = 1) {
        return {app.str(), std::move(name), digest(content), count};
    }
    meta::PullCount by_digest(std::string_view content, std::uint64_t count = 1) {
        return {app.str(), {}, digest(content), count};
    }
};

}  // namespace

TEST_P(MetaPullsContract, KnowsSinceWhenPullsAreCounted) {
    EXPECT_EQ(run(pulls().counted_since()).value(), std::nullopt);
    EXPECT_EQ(run(pulls().begin(at(5))).value(), at(5));
    EXPECT_EQ(run(pulls().begin(at(9))).value(), at(5)) << "a restart is no gap";
    EXPECT_EQ(run(pulls().counted_since()).value(), at(5));
}

TEST_P(MetaPullsContract, BeginsAgainAfterAGap) {
    ASSERT_TRUE(run(pulls().begin_again(at(3))).has_value());
    EXPECT_EQ(run(pulls().counted_since()).value(), std::nullopt);
    ASSERT_TRUE(run(pulls().begin(at(5))).has_value());
    ASSERT_TRUE(run(pulls().begin_again(at(9))).has_value());
    EXPECT_EQ(run(pulls().counted_since()).value(), at(9));
    ASSERT_TRUE(run(pulls().begin_again(at(7))).has_value());
    EXPECT_EQ(run(pulls().counted_since()).value(), at(9)) << "a clock that was set back";
}

TEST_P(MetaPullsContract, BatchesAddUpAndTheLaterTimeStands) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1"), tag("v2")})).has_value());
    EXPECT_EQ(of("v1"), (meta::TagPulls{"v1", {}, {}}));
    record({by_tag("v1", "image", 2)}, 9);
    record({by_tag("v1", "image", 3), by_digest("image", 4)}, 7);
    EXPECT_EQ(of("v1"), (meta::TagPulls{"v1", meta::PullRecord{at(9), 5}, meta::PullRecord{at(9), 9}}))
        << "a batch of another replica may come late";
    EXPECT_EQ(of("v2"), (meta::TagPulls{"v2", {}, meta::PullRecord{at(9), 9}}));
}

TEST_P(MetaPullsContract, ARequestThatSentNothingIsOfTheTagAlone) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
    record({by_tag("v1", "image", 0)}, 5);
    EXPECT_EQ(of("v1"), (meta::TagPulls{"v1", meta::PullRecord{at(5), 0}, {}}));
    record({by_digest("image", 0)}, 6);
    EXPECT_EQ(of("v1").of_manifest, (meta::PullRecord{at(6), 0}));
}

TEST_P(MetaPullsContract, PassesOverWhatIsGone) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
    record({by_tag("gone", "image"), by_digest("never"), {"no/repository", "v1", digest("image"), 1}}, 5);
    EXPECT_THAT(last_pulled(), IsEmpty());
    EXPECT_EQ(of("gone"), meta::TagPulls{"gone"});
    EXPECT_EQ(of("v1").of_manifest, (meta::PullRecord{at(5), 1})) << "the manifest is still there";
}

TEST_P(MetaPullsContract, GoWithTheTagAndTheManifest) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1"), tag("v2")})).has_value());
    ASSERT_TRUE(put(a_manifest(app, "other", {tag("w")})).has_value());
    record({by_tag("v1", "image"), by_tag("v2", "image"), by_tag("w", "other")}, 5);
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("v1"), bob, at(6))).has_value());
    EXPECT_THAT(last_pulled(), ElementsAre("w", "v2"));
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("image"), {}, bob, at(7))).has_value());
    EXPECT_THAT(last_pulled(), ElementsAre("w"));
    ASSERT_TRUE(run(store->collection().restore({app, tag("v2"), {}, {}}, bob, at(8))).has_value());
    EXPECT_EQ(of("v2"), meta::TagPulls{"v2"}) << "what is restored counts as never pulled";
    ASSERT_TRUE(run(admin().remove(app, bob, at(9))).has_value());
    EXPECT_THAT(last_pulled(), IsEmpty());
    ASSERT_TRUE(put(a_manifest(app, "other", {tag("w")}, at(10))).has_value());
    EXPECT_EQ(of("w"), meta::TagPulls{"w"});
}

TEST_P(MetaPullsContract, AMovedTagKeepsItsOwn) {
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("v1")})).has_value());
    record({by_tag("v1", "one", 2)}, 5);
    ASSERT_TRUE(put(a_manifest(app, "two", {tag("v1")}, at(6))).has_value());
    EXPECT_EQ(of("v1"), (meta::TagPulls{"v1", meta::PullRecord{at(5), 2}, {}}));
    record({by_tag("v1", "one", 1)}, 7);
    EXPECT_EQ(of("v1"), (meta::TagPulls{"v1", meta::PullRecord{at(7), 3}, {}}))
        << "the pull was of the image before";
}

TEST_P(MetaPullsContract, FollowARenamedRepository) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
    record({by_tag("v1", "image")}, 5);
    auto const moved = repo("group/moved");
    ASSERT_TRUE(run(admin().rename({app, moved, true}, bob, at(6))).has_value());
    record({by_tag("v1", "image")}, 7);  // Counted under the name before, which is an alias now.
    EXPECT_EQ(run(pulls().of_tags(moved, {"v1"})).value(),
              (std::vector<meta::TagPulls>{{"v1", meta::PullRecord{at(7), 2}, meta::PullRecord{at(7), 2}}}));
}

TEST_P(MetaPullsContract, AreListedByTimePageByPage) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("a"), tag("b"), tag("c"), tag("d")})).has_value());
    record({by_tag("c", "image")}, 5);
    record({by_tag("a", "image"), by_tag("b", "image")}, 8);
    EXPECT_THAT(last_pulled(), ElementsAre("b", "a", "c"));
    auto const first = run(pulls().last_pulled(app, {}, 1)).value();
    ASSERT_THAT(first, SizeIs(1));
    EXPECT_EQ(first.at(0), (meta::PulledTag{"b", {at(8), 1}}));
    EXPECT_THAT(last_pulled(first.at(0), 1), ElementsAre("a"));
    EXPECT_THAT(last_pulled(meta::PulledTag{"a", {at(8), 1}}), ElementsAre("c"));
}

TEST_P(MetaPullsContract, ABatchTellsOfPullsInItsTransaction) {
    auto image = a_manifest(app, "image", {tag("v1"), tag("v2")});
    image.artifact_type = "application/vnd.example";
    ASSERT_TRUE(put(image).has_value());
    auto const last = run(store->journal().last()).value();
    auto const commits = observers.commits();
    auto told = std::vector{by_tag("v1", "image", 3), by_tag("v2", "image", 4), by_digest("image", 2),
                            by_digest("never", 1)};
    told[0].told = 3;
    told[2].told = 70;  // Those of others, too, of which it is a sample.
    told[3].told = 1;
    told.push_back({"no/repository", "v1", digest("image"), 1, 1});
    record(told, 5);
    EXPECT_EQ(observers.commits(), commits + 1);
    auto const changes = run(store->journal().after(last, 10)).value().items;
    ASSERT_THAT(changes, SizeIs(2)) << "what is gone is passed over";
    for (auto const& change : changes) {
        EXPECT_EQ(change.kind, meta::ChangeKind::manifest_pull);
        EXPECT_EQ(change.at, at(5));
        EXPECT_EQ(change.by, meta::Actor()) << "many have pulled";
        EXPECT_EQ(change.repository, app.str());
        EXPECT_EQ(change.digest, digest("image").str());
        EXPECT_EQ(change.media_type, image.fact.media_type);
        EXPECT_EQ(change.size, image.fact.size);
        EXPECT_EQ(change.details.artifact_type, "application/vnd.example");
    }
    EXPECT_EQ(changes[0].details.tags, (std::vector<meta::ChangedTag>{{"v1"}}));
    EXPECT_EQ(changes[0].times, 3U);
    EXPECT_THAT(changes[1].details.tags, IsEmpty());
    EXPECT_EQ(changes[1].times, 70U);
    EXPECT_EQ(of("v1").of_manifest, (meta::PullRecord{at(5), 9})) << "counts are what they were";
}

TEST_P(MetaPullsContract, WhatIsToldOfAnAliasNamesItsTarget) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
    ASSERT_TRUE(run(admin().rename({app, repo("group/moved"), true}, bob, at(6))).has_value());
    auto const last = run(store->journal().last()).value();
    record({{app.str(), "v1", digest("image"), 1, 1}}, 7);
    auto const changes = run(store->journal().after(last, 10)).value().items;
    ASSERT_THAT(changes, SizeIs(1));
    EXPECT_EQ(changes[0].repository, "group/moved");
}

TEST_P(MetaPullsContract, RetentionReadsThem) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1"), tag("v2")})).has_value());
    record({by_tag("v1", "image", 3)}, 5);
    record({by_digest("image")}, 6);
    auto const tags = run(store->retention().tags(app, {{}, 10})).value().items;
    EXPECT_EQ(tags.at(0).pulled_at, at(5));
    EXPECT_EQ(tags.at(0).pulls, 3U);
    EXPECT_EQ(tags.at(1).pulled_at, std::nullopt);
    EXPECT_EQ(run(store->retention().manifests(app, {{}, 10})).value().items.at(0).pulled_at, at(6));
}

TEST_P(MetaPullsContract, ABatchIsOneTransactionAndWakesNoCache) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
    static_cast<void>(run(catalog().resolve(app, tag("v1"))).value());
    auto const misses = [&] {
        return observers.metrics
            .counter("ocilot_meta_cache_total", "", {{"fact", "manifest"}, {"result", "miss"}})
            .value();
    };
    auto const before = misses();
    auto const commits = observers.commits();
    record({by_tag("v1", "image"), by_digest("image")}, 5);
    EXPECT_EQ(observers.commits(), commits + 1);
    static_cast<void>(run(catalog().resolve(app, tag("v1"))).value());
    EXPECT_EQ(misses(), before);
}

OCILOT_META_KINDS(MetaPullsContract);
