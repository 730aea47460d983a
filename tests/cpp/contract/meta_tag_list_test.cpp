#include "contract/meta_store_fixture.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using meta::TagOrder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

class MetaTagListContract : public MetaStoreContract {
  protected:
    /// An image whose own bytes are its name, with blobs of a size.
    void push(std::string_view name, std::uint64_t blobs, int second, meta::Actor const& by = ann) {
        auto image = a_manifest(app, name, {tag(name)}, at(second));
        image.blobs_size = blobs;
        image.pushed_by = by;
        ASSERT_TRUE(put(std::move(image)).has_value());
    }
    void point(std::string_view name, std::string_view content, int second) {
        ASSERT_TRUE(put(a_manifest(app, content, {tag(name)}, at(second))).has_value());
    }
    meta::TagRows page(meta::TagQuery query) { return run(admin().tags(app, std::move(query))).value(); }
    static std::vector<std::string> names_of(meta::TagRows const& rows) {
        std::vector<std::string> names;
        for (auto const& row : rows.items) names.push_back(row.name);
        return names;
    }
    std::vector<std::string> names(TagOrder order, bool descending = false) {
        return names_of(page({.order = order, .descending = descending}));
    }
    /// All pages of a size, one after the other.
    std::vector<std::string> all(meta::TagQuery query, std::size_t limit) {
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

TEST_P(MetaTagListContract, ARowHasTheImage) {
    push("v1", 100, 7, bob);
    auto const rows = page({});
    ASSERT_EQ(rows.items.size(), 1U);
    auto const& row = rows.items.front();
    EXPECT_EQ(row.name, "v1");
    EXPECT_EQ(row.digest, digest("v1"));
    EXPECT_EQ(row.media_type, image_type);
    EXPECT_EQ(row.size, 102U) << "its own bytes, too";
    EXPECT_EQ(row.pushed_at, at(7));
    EXPECT_EQ(row.pushed_by, "bob");
    EXPECT_EQ(rows.next, std::nullopt);
    EXPECT_EQ(run(admin().tags(repo("none"), {})).error().code, Errc::name_unknown);
}

TEST_P(MetaTagListContract, IsSortedByNamePushAndSize) {
    push("b", 30, 1);
    push("a", 10, 3);
    push("c", 20, 2);
    EXPECT_THAT(names(TagOrder::name), ElementsAre("a", "b", "c"));
    EXPECT_THAT(names(TagOrder::name, true), ElementsAre("c", "b", "a"));
    EXPECT_THAT(names(TagOrder::pushed), ElementsAre("b", "c", "a"));
    EXPECT_THAT(names(TagOrder::pushed, true), ElementsAre("a", "c", "b"));
    EXPECT_THAT(names(TagOrder::size), ElementsAre("a", "c", "b"));
    EXPECT_THAT(names(TagOrder::size, true), ElementsAre("b", "c", "a"));
}

TEST_P(MetaTagListContract, IsSortedByTheLastPullAndTagsWithoutOneAreLast) {
    for (auto const* const name : {"b", "a", "d", "c", "e"}) push(name, 1, 1);
    auto const pull = [&](std::string const& name, int second) {
        ASSERT_TRUE(run(store->pulls().record({{app.str(), name, digest(name), 1}}, at(second))).has_value());
    };
    EXPECT_THAT(names(TagOrder::pulled), ElementsAre("a", "b", "c", "d", "e")) << "none was pulled";
    pull("d", 5);
    pull("b", 7);
    pull("e", 5);
    for (std::size_t const limit : {1, 2, 3, 4, 5, 6}) {
        EXPECT_THAT(all({.order = TagOrder::pulled}, limit), ElementsAre("d", "e", "b", "a", "c"));
        EXPECT_THAT(all({.order = TagOrder::pulled, .descending = true}, limit),
                    ElementsAre("b", "e", "d", "a", "c"));
    }
    auto const passing =
        page({.order = TagOrder::pulled, .after = meta::TagPlace{meta::TagPlace::never, "a"}, .limit = 1});
    EXPECT_THAT(names_of(passing), ElementsAre("c")) << "b, which was pulled, is passed over";
    meta::TagQuery filtered{.order = TagOrder::pulled, .descending = true};
    filtered.matches = [](std::string_view name) { return name == "c" || name == "e"; };
    EXPECT_THAT(all(filtered, 1), ElementsAre("e", "c"));
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("e"), bob, at(9))).has_value());
    meta::TagQuery last{.order = TagOrder::pulled, .descending = true, .limit = 2};
    auto const first = page(last);
    EXPECT_THAT(names_of(first), ElementsAre("b", "d"));
    pull("c", 10);  // It moves to the front: what follows the place is listed once.
    last.after = first.next;
    EXPECT_THAT(names_of(page(last)), ElementsAre("a"));
}

TEST_P(MetaTagListContract, IsSortedByVersionAndTagsThatAreNoneAreLast) {
    for (auto const* const name : {"2.0.0", "10.0.0", "main", "v2.0.0", "1.0.0-rc.10", "1.0.0-rc.9", "latest",
                                   "v1.0.0", "2.0", "1.9.0"})
        push(name, 1, 1);
    std::vector<std::string> const rising{"1.0.0-rc.9", "1.0.0-rc.10", "v1.0.0", "1.9.0",  "2.0.0",
                                          "v2.0.0",     "10.0.0",      "2.0",    "latest", "main"};
    std::vector<std::string> const falling{"10.0.0",      "v2.0.0",     "2.0.0", "1.9.0",  "v1.0.0",
                                           "1.0.0-rc.10", "1.0.0-rc.9", "2.0",   "latest", "main"};
    for (std::size_t const limit : {1, 2, 3, 6, 7, 8, 10, 11}) {
        EXPECT_EQ(all({.order = TagOrder::version}, limit), rising) << limit;
        EXPECT_EQ(all({.order = TagOrder::version, .descending = true}, limit), falling) << limit;
    }
    meta::TagQuery few{.order = TagOrder::version, .limit = 1, .most_looked_at = 3};
    EXPECT_EQ(all(few, 1), rising) << "a page ends among versions that were listed before";
    meta::TagQuery filtered{.order = TagOrder::version, .descending = true, .prefix = "v"};
    EXPECT_THAT(all(filtered, 1), ElementsAre("v2.0.0", "v1.0.0"));
    filtered.prefix = "";
    filtered.matches = [](std::string_view name) { return name == "main" || name == "1.9.0"; };
    EXPECT_THAT(all(filtered, 1), ElementsAre("1.9.0", "main"));
}

TEST_P(MetaTagListContract, APageOfVersionsStaysRightWhileOthersArePushed) {
    for (auto const* const name : {"1.0.0", "1.1.0", "1.2.0", "1.10.0"}) push(name, 1, 1);
    meta::TagQuery newest{.order = TagOrder::version, .descending = true, .limit = 2};
    auto const first = page(newest);
    EXPECT_THAT(names_of(first), ElementsAre("1.10.0", "1.2.0"));
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("1.2.0"), bob, at(9))).has_value());
    push("2.0.0", 1, 10);
    push("1.1.1", 1, 10);
    point("1.10.0", "other", 11);
    newest.after = first.next;
    EXPECT_THAT(names_of(page(newest)), ElementsAre("1.1.1", "1.1.0"));
    EXPECT_THAT(names(TagOrder::version, true), ElementsAre("2.0.0", "1.10.0", "1.1.1", "1.1.0", "1.0.0"));
}

TEST_P(MetaTagListContract, ARestoredAndARenamedTagIsAVersionStill) {
    for (auto const* const name : {"1.10.0", "1.9.0", "main"}) push(name, 1, 1);
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("1.10.0"), {}, bob, at(2))).has_value());
    meta::RestoreRequest request{.repository = app};
    request.tag = tag("1.10.0");
    ASSERT_TRUE(run(store->collection().restore(request, bob, at(3))).has_value());
    EXPECT_THAT(names(TagOrder::version), ElementsAre("1.9.0", "1.10.0", "main"));
    ASSERT_TRUE(run(admin().rename({app, repo("team/other")}, bob, at(4))).has_value());
    auto const moved = run(admin().tags(repo("team/other"), {.order = TagOrder::version})).value();
    EXPECT_THAT(names_of(moved), ElementsAre("1.9.0", "1.10.0", "main"));
}

TEST_P(MetaTagListContract, APushIsAsYoungAsTheLaterOfItsTimes) {
    auto manifest = a_manifest(app, "young", {tag("v1")});
    for (int const second : {9, 1}) {
        manifest.pushed_at = at(5);
        manifest.aged_from = at(second);
        ASSERT_TRUE(run(catalog().put_manifest(manifest)).has_value());
        EXPECT_EQ(page({}).items.at(0).pushed_at, at(std::max(second, 5)));
        EXPECT_EQ(run(catalog().history(app, tag("v1"), {}, 1)).value().at(0).at, at(5));
    }
}

TEST_P(MetaTagListContract, EqualOnesAreSortedByNameAndListedOnce) {
    for (auto const* const name : {"d", "a", "c", "b", "e"}) push(name, 5, 1);
    for (auto const order : {TagOrder::name, TagOrder::pushed, TagOrder::size}) {
        for (std::size_t const limit : {1, 2, 5, 6}) {
            EXPECT_THAT(all({.order = order}, limit), ElementsAre("a", "b", "c", "d", "e"));
            EXPECT_THAT(all({.order = order, .descending = true}, limit),
                        ElementsAre("e", "d", "c", "b", "a"));
        }
    }
}

TEST_P(MetaTagListContract, APageStaysRightWhileTagsMove) {
    for (int second = 1; second <= 4; ++second) push(fmt::format("v{}", second), 1, second);
    meta::TagQuery newest{.order = TagOrder::pushed, .descending = true, .limit = 2};
    auto const first = page(newest);
    EXPECT_THAT(names_of(first), ElementsAre("v4", "v3"));
    // The last one of the page moves to the front, another is removed: what follows the place is the same.
    point("v3", "other", 9);
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("v4"), bob, at(9))).has_value());
    push("v5", 1, 10);
    newest.after = first.next;
    EXPECT_THAT(names_of(page(newest)), ElementsAre("v2", "v1"));
    EXPECT_THAT(names(TagOrder::pushed, true), ElementsAre("v5", "v3", "v2", "v1"));
}

TEST_P(MetaTagListContract, ATagThatIsPushedAgainHasTheLastPush) {
    push("v1", 1, 1);
    push("v2", 1, 2);
    push("v1", 1, 3, bob);
    auto const rows = page({.order = TagOrder::pushed, .descending = true});
    EXPECT_THAT(names_of(rows), ElementsAre("v1", "v2"));
    EXPECT_EQ(rows.items.front().pushed_by, "bob");
}

TEST_P(MetaTagListContract, ATagThatMovesHasTheSizeOfItsNewImage) {
    push("v1", 1000, 1);
    push("v2", 10, 2);
    auto small = a_manifest(app, "x", {tag("v1")}, at(3));
    ASSERT_TRUE(put(small).has_value());
    EXPECT_THAT(names(TagOrder::size), ElementsAre("v1", "v2"));
    EXPECT_EQ(page({}).items.front().size, 1U);
}

TEST_P(MetaTagListContract, AnIndexHasTheSizeOfItsImages) {
    push("amd64", 100, 1);
    push("arm64", 200, 1);
    auto index = a_manifest(app, "index", {tag("all")}, at(2));
    index.manifests = {digest("amd64"), digest("arm64"), digest("arm64"), digest("missing")};
    ASSERT_TRUE(put(index).has_value());
    EXPECT_EQ(page({}).items.front().size, std::string("indexamd64arm64").size() + 300);
    auto nested = a_manifest(app, "nested", {tag("nested")}, at(3));
    nested.manifests = {digest("index")};
    ASSERT_TRUE(put(nested).has_value());
    EXPECT_EQ(page({.order = TagOrder::size, .descending = true}).items.front().size,
              std::string("nestedindexamd64arm64").size() + 300);
}

TEST_P(MetaTagListContract, SizesThatNobodyBelievesAreANumberStill) {
    push("a", ~std::uint64_t{0}, 1);
    push("b", std::uint64_t{1} << 62, 1);
    auto index = a_manifest(app, "index", {tag("c")}, at(2));
    index.manifests = {digest("a"), digest("b")};
    ASSERT_TRUE(put(index).has_value());
    for (auto const& row : page({}).items) EXPECT_EQ(row.size, std::uint64_t{1} << 53) << row.name;
}

TEST_P(MetaTagListContract, ARestoredTagHasItsSizeAgain) {
    push("v1", 100, 1);
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("v1"), {}, bob, at(2))).has_value());
    meta::RestoreRequest request{.repository = app};
    request.tag = tag("v1");
    ASSERT_TRUE(run(store->collection().restore(request, bob, at(3))).has_value());
    auto const rows = page({});
    ASSERT_EQ(rows.items.size(), 1U);
    EXPECT_EQ(rows.items.front().size, 102U);
    EXPECT_EQ(rows.items.front().pushed_by, "bob");
    ASSERT_TRUE(run(admin().remove(app, bob, at(4))).has_value());
    ASSERT_TRUE(run(store->collection().restore(request, ann, at(5))).has_value());
    EXPECT_EQ(page({}).items.front().size, 102U);
}

TEST_P(MetaTagListContract, IsFilteredByPrefixAndByWhatMatches) {
    for (auto const* const name : {"main", "v1.0", "v1.1", "v100", "v2.0"}) push(name, 1, 1);
    EXPECT_THAT(names_of(page({.prefix = "v1"})), ElementsAre("v1.0", "v1.1", "v100"));
    auto const ends_in_zero = [](std::string_view name) { return name.ends_with('0'); };
    for (auto const order : {TagOrder::name, TagOrder::pushed, TagOrder::size}) {
        meta::TagQuery query{.order = order, .prefix = "v", .matches = ends_in_zero};
        EXPECT_THAT(all(query, 100), ElementsAre("v1.0", "v100", "v2.0"));
        EXPECT_THAT(all(query, 1), ElementsAre("v1.0", "v100", "v2.0"));
        query.descending = true;
        EXPECT_THAT(all(query, 2), ElementsAre("v2.0", "v100", "v1.0"));
    }
    EXPECT_THAT(names_of(page({.prefix = "x"})), IsEmpty());
}

TEST_P(MetaTagListContract, APageLooksAtSoManyTagsAndContinues) {
    constexpr int count = 20'100;
    auto many = a_manifest(app, "many");
    for (int number = 0; number < count; ++number) many.tags.push_back(tag(fmt::format("t{:05}", number)));
    ASSERT_TRUE(put(std::move(many)).has_value());
    auto const is_last = [](std::string_view name) { return name == "t20099"; };
    meta::TagQuery query{.matches = is_last};
    auto const first = page(query);
    EXPECT_THAT(first.items, IsEmpty());
    ASSERT_TRUE(first.next);
    query.after = first.next;
    auto const second = page(query);
    EXPECT_THAT(names_of(second), ElementsAre("t20099"));
    EXPECT_EQ(second.next, std::nullopt);
}

TEST_P(MetaTagListContract, APageLooksAtNoMoreThanItsQuerySays) {
    for (int number = 0; number < 10; ++number) push(fmt::format("t{}", number), 1, 1);
    auto const none = [](std::string_view) { return false; };
    meta::TagQuery query{.matches = none, .limit = 1, .most_looked_at = 4};
    for (std::size_t const looked_at : {4U, 4U, 2U}) {
        auto const found = page(query);
        EXPECT_THAT(found.items, IsEmpty());
        EXPECT_EQ(found.looked_at, looked_at);
        EXPECT_EQ(found.next.has_value(), looked_at == 4);
        query.after = found.next;
    }
    EXPECT_EQ(page({.limit = 3}).looked_at, 3U);
}

OCILOT_META_KINDS(MetaTagListContract);
