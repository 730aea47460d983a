#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

class ExpectedTagsContract : public MetaStoreContract {};

}  // namespace

TEST_P(ExpectedTagsContract, TellsTheTagsOfAManifestInPages) {
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("c"), tag("a"), tag("b")})).has_value());
    ASSERT_TRUE(put(a_manifest(app, "two", {tag("d")})).has_value());
    ASSERT_TRUE(put(a_manifest(repo("other"), "one", {tag("e")})).has_value());
    auto const page = run(catalog().tags_on(app, digest("one"), {{}, 2})).value();
    EXPECT_THAT(page.items, ElementsAre("a", "b"));
    EXPECT_TRUE(page.more);
    auto const rest = run(catalog().tags_on(app, digest("one"), {"b", 2})).value();
    EXPECT_THAT(rest.items, ElementsAre("c"));
    EXPECT_FALSE(rest.more);
    EXPECT_THAT(run(catalog().tags_on(app, digest("none"), {{}, 2})).value().items, IsEmpty());
    EXPECT_THAT(run(catalog().tags_on(repo("none"), digest("one"), {{}, 2})).value().items, IsEmpty());
}

TEST_P(ExpectedTagsContract, MovesNoTagThatIsNotWhereItWasSeen) {
    auto const move = [&](std::string_view content, std::optional<oci::Digest> seen) {
        auto manifest = a_manifest(app, content, {tag("t")});
        manifest.expected_tags = {{tag("t"), seen}};
        auto const done = put(std::move(manifest));
        return done.has_value() ? std::optional<Errc>{} : done.error().code;
    };
    EXPECT_EQ(move("one", digest("other")), Errc::conflict) << "it was seen, and is gone";
    EXPECT_THAT(tags_error("team/app"), Errc::name_unknown) << "nothing was recorded";
    EXPECT_EQ(move("one", {}), std::nullopt);
    EXPECT_EQ(move("two", {}), Errc::conflict) << "it was not there, and is now";
    EXPECT_EQ(run(catalog().resolve(app, tag("t"))).value().digest, digest("one"));
    EXPECT_EQ(move("one", {}), std::nullopt) << "it points there already";
    EXPECT_EQ(move("two", digest("one")), std::nullopt);
    EXPECT_EQ(move("three", digest("one")), Errc::conflict);
    EXPECT_EQ(run(catalog().resolve(app, tag("t"))).value().digest, digest("two"));
}

TEST_P(ExpectedTagsContract, ATagWithWrongBytesWasSeenAsNone) {
    ASSERT_TRUE(put(a_manifest(app, "broken", {tag("t")})).has_value());
    ASSERT_TRUE(run(store->scrub().quarantine(digest("broken"), at(2))).has_value());
    auto mended = a_manifest(app, "other", {tag("t")});
    mended.expected_tags = {{tag("t"), std::nullopt}};
    EXPECT_TRUE(put(std::move(mended)).has_value());
}

TEST_P(ExpectedTagsContract, DeletesNoManifestWithATagThatWasNotSeen) {
    ASSERT_TRUE(put(a_manifest(app, "m", {tag("a"), tag("b")})).has_value());
    auto const remove = [&](std::vector<std::string> seen) {
        return run(catalog().delete_manifest(app, digest("m"), std::move(seen), bob, at(2)));
    };
    EXPECT_EQ(remove({"a"}).error().code, Errc::conflict);
    EXPECT_THAT(tags("team/app"), ElementsAre("a", "b"));
    EXPECT_TRUE(remove({"b", "c", "a"}).has_value());
}

OCILOT_META_KINDS(ExpectedTagsContract);
