#include "contract/meta_store_fixture.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

namespace {

constexpr std::size_t many = 3'000;
/// That a transaction of the collection changes.
constexpr std::size_t most_rows = 2'048;

/// An image that was deleted, whose grace is over, with many tags that refer to it: more than a transaction
/// takes out.
class MetaPurgeContract : public MetaStoreContract {
  protected:
    void SetUp() override {
        ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
        auto signatures = a_manifest(app, "signatures");
        auto name = digest("image").str();
        name.replace(name.find(':'), 1, "-");
        for (std::size_t n = 0; n < many; ++n) signatures.tags.push_back(tag(fmt::format("{}.{}", name, n)));
        ASSERT_TRUE(put(std::move(signatures)).has_value());
        ASSERT_TRUE(run(catalog().delete_manifest(app, digest("image"), {}, bob, at(20))).has_value());
        ASSERT_TRUE(run(queue().enqueue({{app.str(), digest("image"), at(20)}}, {})).has_value());
    }
    meta::Collection& queue() { return store->collection(); }
    static meta::ReviewCutoffs cutoffs() { return {at(100), at(100)}; }
    std::vector<oci::Digest> due(oci::RepositoryName const& repository) {
        std::vector<oci::Digest> found;
        for (auto const& candidate : run(queue().due(cutoffs(), 2 * many)).value()) {
            if (candidate.repository == repository.str()) found.push_back(candidate.digest);
        }
        return found;
    }
    std::size_t count_tags(oci::RepositoryName const& repository) {
        auto const found = run(catalog().tags(repository, {{}, 2 * many}));
        return found.has_value() ? found->items.size() : 0;  // The repository goes with the last.
    }
    /// A review and a purge of all that is due; how many tags that took out.
    std::size_t collect(oci::RepositoryName const& repository) {
        auto const before = count_tags(repository);
        auto reviewed = run(queue().review(repository, due(repository), cutoffs())).value();
        auto digests = std::move(reviewed.condemned);
        digests.insert(digests.end(), reviewed.expired.begin(), reviewed.expired.end());
        auto purged = run(queue().purge(repository, digests, cutoffs(), at(100))).value();
        EXPECT_TRUE(run(queue().settle(std::move(purged.bytes), {})).has_value());
        return before - count_tags(repository);
    }
    Result<meta::Restored> restore() {
        return run(queue().restore({app, {}, digest("image"), {}}, bob, at(101)));
    }
};

}  // namespace

TEST_P(MetaPurgeContract, WhatRefersToAnImageIsReleasedInTransactionsOfABoundedSize) {
    ASSERT_EQ(count_tags(app), many);
    std::size_t removed = 0;
    for (int purges = 0; removed < many; ++purges) {
        ASSERT_LT(purges, 20);
        EXPECT_THAT(due(app), Contains(digest("image"))) << "it stays a candidate";
        auto const now = collect(app);
        EXPECT_GT(now, 0U);
        EXPECT_LE(now, most_rows / 4) << "a tag, its history, its change and what it pointed to";
        removed += now;
        EXPECT_TRUE(restore().has_error()) << "it is gone as a whole";
    }
    EXPECT_THAT(due(app), Not(Contains(digest("image"))));
    while (!due(app).empty()) collect(app);
    EXPECT_THAT(repositories(), IsEmpty());
}

TEST_P(MetaPurgeContract, AStoreThatIsOpenedAgainGoesOn) {
    collect(app);
    store.reset();
    store = place->open(observers.log, observers.metrics);
    while (!due(app).empty()) collect(app);
    EXPECT_THAT(repositories(), IsEmpty());
}

TEST_P(MetaPurgeContract, AnImageThatIsPushedAgainMeanwhileKeepsWhatIsLeft) {
    collect(app);
    auto const left = count_tags(app);
    ASSERT_GT(left, 0U);
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")}, at(50))).has_value());
    for (int rounds = 0; rounds < 3; ++rounds) collect(app);
    EXPECT_EQ(count_tags(app), left + 1);
    EXPECT_THAT(due(app), IsEmpty());
}

TEST_P(MetaPurgeContract, ARepositoryThatIsRenamedMeanwhileGoesOn) {
    collect(app);
    auto const other = repo("team/other");
    ASSERT_TRUE(run(admin().rename({app, other}, bob, at(60))).has_value());
    EXPECT_THAT(due(other), Contains(digest("image")));
    while (!due(other).empty()) collect(other);
    EXPECT_THAT(repositories(), IsEmpty());
}

OCILOT_META_KINDS(MetaPurgeContract);
