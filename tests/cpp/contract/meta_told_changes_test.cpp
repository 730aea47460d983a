#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>
#include <set>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;

namespace {

/// What the journal holds for those who are told of it, beside what the audit log shows.
class ToldChangesContract : public MetaStoreContract {
  protected:
    meta::Journal& journal() { return store->journal(); }
    std::vector<meta::Change> noted(std::string action) {
        return run(journal().entries({.action = std::move(action)})).value().items;
    }
};

}  // namespace

OCILOT_META_KINDS(ToldChangesContract);

/// One for each hundred: a repository may have a million tags.
TEST_P(ToldChangesContract, ADeletedRepositoryHasEntriesOfTheTagsThatItsOwnDoesNotName) {
    constexpr std::size_t more_tags = 2 * meta::max_further_tags + 3;
    std::vector<oci::Tag> tags;
    for (std::size_t i = 0; i < meta::max_changed_tags + more_tags - 1; ++i) {
        tags.push_back(tag("t" + std::to_string(i)));
    }
    ASSERT_TRUE(put(a_manifest(app, "m", {tag("a")})).has_value());
    ASSERT_TRUE(put(a_manifest(app, "n", tags)).has_value());
    ASSERT_TRUE(run(admin().remove(app, bob, at(3))).has_value());
    auto const removed = noted("repository.delete").at(0);
    auto const more = noted("tag.delete");
    EXPECT_EQ(removed.details.more_tags, more_tags);
    ASSERT_EQ(more.size(), 3U);
    std::set<std::string> names;
    for (auto const& named : removed.details.tags) names.insert(named.name);
    for (auto const& change : more) {
        EXPECT_LT(change.id, removed.id);
        EXPECT_EQ(change.repository, "team/app");
        EXPECT_LE(change.details.tags.size(), meta::max_further_tags);
        for (auto const& gone : change.details.tags) {
            EXPECT_EQ(gone.previous, digest("n").str());
            EXPECT_TRUE(names.insert(gone.name).second) << gone.name << " is named twice";
        }
    }
    EXPECT_EQ(names.size(), tags.size() + 1) << "each tag is named";
    EXPECT_EQ(run(catalog().history(app, tag("t999"), {}, 10)).value().size(), 2U);
}

TEST_P(ToldChangesContract, OnlyTheFirstManifestOfARepositorySaysThatItIs) {
    auto const is_first = [&] { return noted("manifest.push").at(0).details.first; };
    link(app, "layer");
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("a")}, at(1))).has_value());
    EXPECT_TRUE(is_first());
    ASSERT_TRUE(put(a_manifest(app, "two", {tag("a")}, at(2))).has_value());
    EXPECT_FALSE(is_first());
    ASSERT_TRUE(put(a_manifest(repo("b"), "one", {}, at(3))).has_value());
    EXPECT_TRUE(is_first());
    for (auto const* const content : {"one", "two"}) {
        ASSERT_TRUE(run(catalog().delete_manifest(app, digest(content), {}, bob, at(4))).has_value());
    }
    ASSERT_TRUE(put(a_manifest(app, "three", {tag("a")}, at(5))).has_value());
    EXPECT_TRUE(is_first()) << "it exists again";
}

TEST_P(ToldChangesContract, APushHasAnnotationsUpToABound) {
    ASSERT_TRUE(put(a_manifest(app, "none", {}, at(1))).has_value());
    auto manifest = a_manifest(app, "many", {}, at(2));
    manifest.annotations = {{"a", "1"}, {"large", std::string(5000, 'x')}, {"z", "2"}};
    ASSERT_TRUE(put(manifest).has_value());
    auto const pushed = noted("manifest.push");
    EXPECT_EQ(pushed.at(0).details.annotations, R"({"a":"1","z":"2"})");
    EXPECT_EQ(pushed.at(0).details.more_annotations, 1U);
    EXPECT_EQ(pushed.at(1).details.annotations, "");
}

TEST_P(ToldChangesContract, AManifestThatIsDeletedNamesItsIndexes) {
    ASSERT_TRUE(put(a_manifest(app, "child")).has_value());
    for (auto const* const name : {"one", "two"}) {
        auto index = a_manifest(app, name);
        index.manifests = {digest("child")};
        ASSERT_TRUE(put(index).has_value());
    }
    for (auto const* const name : {"one", "child"}) {
        ASSERT_TRUE(run(catalog().delete_manifest(app, digest(name), {}, bob, at(3))).has_value());
    }
    auto const removed = noted("manifest.delete");
    EXPECT_THAT(removed.at(0).details.parents, ElementsAre(digest("two").str())) << "one is deleted";
    EXPECT_TRUE(removed.at(1).details.parents.empty());
}
