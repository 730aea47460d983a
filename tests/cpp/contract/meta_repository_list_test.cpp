#include "contract/meta_store_fixture.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using meta::RepositoryOrder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

class MetaRepositoryListContract : public MetaStoreContract {
  protected:
    /// An image of so many bytes.
    void push(std::string_view name, std::size_t bytes, int second, std::string_view as = "v1") {
        auto manifest = a_manifest(repo(name), std::string(bytes, as.back()), {tag(as)}, at(second));
        ASSERT_TRUE(put(std::move(manifest)).has_value());
    }
    std::size_t rank(std::vector<std::string> names) { return run(admin().rank(std::move(names))).value(); }
    meta::RepositoryRows page(meta::RepositoryQuery query) {
        return run(admin().sorted(std::move(query))).value();
    }
    static std::vector<std::string> names_of(meta::RepositoryRows const& rows) {
        std::vector<std::string> names;
        for (auto const& row : rows.items) names.push_back(row.name);
        return names;
    }
    /// All pages of a size, one after the other.
    std::vector<std::string> all(meta::RepositoryQuery query, std::size_t limit) {
        std::vector<std::string> found;
        query.limit = limit;
        for (int pages = 0; pages < 100; ++pages) {
            auto const rows = page(query);
            for (auto const& name : names_of(rows)) found.push_back(name);
            if (!rows.next) return found;
            query.after = rows.next;
        }
        ADD_FAILURE() << "the list does not end";
        return found;
    }
};

}  // namespace

TEST_P(MetaRepositoryListContract, IsSortedBySizeAndLastPush) {
    EXPECT_THAT(names_of(page({})), IsEmpty());
    push("b", 30, 1);
    push("a", 10, 3);
    link(repo("blobs"), "only a blob");
    push("c", 20, 2);
    EXPECT_EQ(rank({"a", "b", "blobs", "c", "none"}), 4U);
    EXPECT_EQ(rank({"a", "b", "blobs", "c"}), 0U) << "nothing has changed";
    for (std::size_t const limit : {1, 2, 3, 4, 5}) {
        EXPECT_THAT(all({}, limit), ElementsAre("a", "blobs", "c", "b"));
        EXPECT_THAT(all({.descending = true}, limit), ElementsAre("b", "c", "blobs", "a"));
        EXPECT_THAT(all({.order = RepositoryOrder::pushed}, limit), ElementsAre("b", "c", "a", "blobs"));
        EXPECT_THAT(all({.order = RepositoryOrder::pushed, .descending = true}, limit),
                    ElementsAre("a", "c", "b", "blobs"))
            << "one without a tag is last";
    }
}

TEST_P(MetaRepositoryListContract, ARowIsTrueAndItsPlaceIsThatOfTheLastRank) {
    push("a", 10, 1);
    push("b", 20, 2);
    rank({"a", "b"});
    push("a", 90, 3, "v2");
    meta::RepositoryQuery const largest{.descending = true};
    auto const before = page(largest);
    EXPECT_THAT(names_of(before), ElementsAre("b", "a"));
    EXPECT_EQ(before.items[1].bytes, 100U);
    EXPECT_EQ(before.items[1].tags, 2U);
    EXPECT_EQ(before.items[1].pushed_at, at(3));
    EXPECT_EQ(rank({"a"}), 1U);
    EXPECT_THAT(names_of(page(largest)), ElementsAre("a", "b"));
}

TEST_P(MetaRepositoryListContract, EqualOnesAreListedOnceAndNewOnesAtOnce) {
    for (auto const* const name : {"d", "a", "c", "b", "e"}) push(name, 5, 1);
    for (auto const order : {RepositoryOrder::bytes, RepositoryOrder::pushed}) {
        for (std::size_t const limit : {1, 2, 5, 6}) {
            auto rising = all({.order = order}, limit);
            auto falling = all({.order = order, .descending = true}, limit);
            std::ranges::sort(rising);
            std::ranges::sort(falling);
            EXPECT_THAT(rising, ElementsAre("a", "b", "c", "d", "e"));
            EXPECT_EQ(falling, rising);
        }
    }
}

TEST_P(MetaRepositoryListContract, NamesBeginAsTheyHaveTo) {
    for (int i = 0; i < 9; ++i) push(fmt::format("team/{}", i), 10U + static_cast<std::size_t>(i), i);
    push("other", 90, 1);
    rank({"other"});
    for (int i = 0; i < 9; ++i) rank({fmt::format("team/{}", i)});
    meta::RepositoryQuery const team{.descending = true, .prefix = "team/"};
    auto const found = all(team, 2);
    ASSERT_EQ(found.size(), 9U);
    EXPECT_EQ(found.front(), "team/8");
    EXPECT_EQ(found.back(), "team/0");
}

TEST_P(MetaRepositoryListContract, ADeletedOneIsNotListedAndARenamedOneStays) {
    push("a", 10, 1);
    push("b", 20, 2);
    rank({"a", "b"});
    ASSERT_TRUE(run(admin().rename({repo("b"), repo("c"), false}, bob, at(3))).has_value());
    EXPECT_THAT(names_of(page({})), ElementsAre("a", "c"));
    ASSERT_TRUE(run(admin().remove(repo("a"), bob, at(4))).has_value());
    EXPECT_THAT(names_of(page({})), ElementsAre("c"));
}

OCILOT_META_KINDS(MetaRepositoryListContract);
