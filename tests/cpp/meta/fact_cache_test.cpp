#include "meta/fact_cache.h"

#include "meta/make_facts.h"
#include "meta/versions.h"

#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::meta;
using test::digest;
using test::repo;
using test::tag;

TEST(Versions, MoveWithTheRepositoryThatChangedAndWithEverything) {
    Versions versions;
    auto const before = versions.of(repo("a"));
    versions.changed(ChangeScope::nothing());
    EXPECT_EQ(versions.of(repo("a")), before);
    versions.changed(ChangeScope::of(repo("a")));
    auto const after = versions.of(repo("a"));
    EXPECT_NE(after, before);
    versions.changed(ChangeScope::of(repo("b")));
    EXPECT_EQ(versions.of(repo("a")), after) << "these two do not share a slot";
    versions.changed(ChangeScope::everything());
    EXPECT_NE(versions.of(repo("a")), after);
}

TEST(FactCache, KnowsAFactWhileItsVersionHolds) {
    Metrics metrics;
    FactCache<std::uint64_t> cache(1024, metrics, "test");
    FactKey const key(repo("a"), digest("x"));
    EXPECT_EQ(cache.find(key, 7), std::nullopt);
    cache.add(key, 7, 42);
    EXPECT_EQ(cache.find(key, 7), 42U);
    EXPECT_EQ(cache.find(key, 8), std::nullopt);
    cache.add(key, 8, 43);
    EXPECT_EQ(cache.find(key, 8), 43U);
    EXPECT_NE(metrics.text().find(R"(ocilot_meta_cache_total{fact="test",result="hit"} 2)"),
              std::string::npos);
    EXPECT_NE(metrics.text().find(R"(ocilot_meta_cache_total{fact="test",result="miss"} 2)"),
              std::string::npos);
}

TEST(FactCache, TellsRepositoriesTagsAndDigestsApart) {
    Metrics metrics;
    FactCache<int> cache(1024, metrics, "test");
    cache.add(FactKey(repo("a"), tag("b")), 0, 1);
    EXPECT_EQ(cache.find(FactKey(repo("a/b"), tag("b")), 0), std::nullopt);
    EXPECT_EQ(cache.find(FactKey(repo("ab"), tag("b")), 0), std::nullopt);
    EXPECT_EQ(cache.find(FactKey(repo("a"), tag("bb")), 0), std::nullopt);
    EXPECT_EQ(cache.find(FactKey(repo("a"), digest("b")), 0), std::nullopt);
    EXPECT_EQ(cache.find(FactKey(repo("a"), tag("b")), 0), 1);
}

TEST(FactCache, KeepsWhatIsAskedForAndForgetsTheRest) {
    Metrics metrics;
    constexpr std::size_t capacity = 320;
    FactCache<int> cache(capacity, metrics, "test");
    FactKey const loved(repo("a"), tag("loved"));
    cache.add(loved, 0, -1);
    for (int i = 0; i < 10'000; ++i) {
        cache.add(FactKey(repo("a"), tag("t" + std::to_string(i))), 0, i);
        EXPECT_EQ(cache.find(loved, 0), -1);
    }
    std::size_t kept = 0;
    for (int i = 0; i < 10'000; ++i) {
        if (cache.find(FactKey(repo("a"), tag("t" + std::to_string(i))), 0)) ++kept;
    }
    EXPECT_LE(kept, 2 * capacity);
    EXPECT_GT(kept, 0U);
}
