#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;

namespace {

using meta::TagCondition;

class ConditionsContract : public MetaStoreContract {
  protected:
    static TagCondition match(std::string_view content) {
        return {.match = TagCondition::Content{.digests = {digest(content).str()}}};
    }
    static TagCondition none_match(std::string_view content) {
        return {.none_match = TagCondition::Content{.digests = {digest(content).str()}}};
    }
    inline static TagCondition const exists{.match = TagCondition::Content{.any = true}};
    inline static TagCondition const absent{.none_match = TagCondition::Content{.any = true}};

    /// What comes of a push under the tags.
    std::optional<Errc> push(std::string_view content, TagCondition condition,
                             std::vector<oci::Tag> under = {tag("t")}) {
        auto manifest = a_manifest(app, content, std::move(under));
        manifest.condition = std::move(condition);
        auto const done = put(std::move(manifest));
        return done.has_value() ? std::optional<Errc>{} : done.error().code;
    }
    std::optional<Errc> remove(TagCondition condition) {
        auto const done = run(catalog().delete_tag(app, tag("t"), bob, at(2), std::move(condition)));
        return done.has_value() ? std::optional<Errc>{} : done.error().code;
    }
    oci::Digest there() { return run(catalog().resolve(app, tag("t"))).value().digest; }
};

}  // namespace

TEST_P(ConditionsContract, ATagMovesOnlyFromWhereItMust) {
    EXPECT_EQ(push("one", exists), Errc::precondition_failed);
    EXPECT_EQ(push("one", match("one")), Errc::precondition_failed);
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown) << "nothing was recorded";
    EXPECT_EQ(push("one", absent), std::nullopt);
    EXPECT_EQ(push("two", absent), Errc::precondition_failed);
    EXPECT_EQ(push("two", match("other")), Errc::precondition_failed);
    EXPECT_EQ(push("two", none_match("one")), Errc::precondition_failed);
    EXPECT_EQ(there(), digest("one"));
    EXPECT_EQ(push("two", match("one")), std::nullopt);
    EXPECT_EQ(push("three", none_match("one")), std::nullopt);
    EXPECT_EQ(push("four", exists), std::nullopt);
    EXPECT_EQ(there(), digest("four"));
}

TEST_P(ConditionsContract, ATagThatWasSetAgainAsItWasIsAnother) {
    auto manifest = a_manifest(app, "one", {tag("t")}, at(5));
    ASSERT_TRUE(put(manifest).has_value());
    auto seen = match("one");
    seen.set_at = at(5);
    manifest.pushed_at = at(6);
    ASSERT_TRUE(put(manifest).has_value());
    EXPECT_EQ(remove(seen), Errc::precondition_failed);
    EXPECT_EQ(there(), digest("one"));
    seen.set_at = at(6);
    EXPECT_EQ(remove(seen), std::nullopt);
}

TEST_P(ConditionsContract, ThatDoNotHoldRefuseWhatChangesNothing) {
    ASSERT_EQ(push("one", {}), std::nullopt);
    EXPECT_EQ(push("one", absent), Errc::precondition_failed) << "of two equal pushes one wins";
    EXPECT_EQ(push("one", match("other")), Errc::precondition_failed);
    EXPECT_EQ(push("one", match("one")), std::nullopt);
}

TEST_P(ConditionsContract, HoldForEveryTagOrForNone) {
    ASSERT_EQ(push("one", {}, {tag("a")}), std::nullopt);
    EXPECT_EQ(push("two", absent, {tag("b"), tag("a")}), Errc::precondition_failed);
    EXPECT_THAT(tags("team/app"), ElementsAre("a"));
    EXPECT_EQ(push("two", absent, {tag("b"), tag("c")}), std::nullopt);
}

TEST_P(ConditionsContract, AreOnTheManifestWhereNoTagIsSet) {
    EXPECT_EQ(push("one", exists, {}), Errc::precondition_failed);
    EXPECT_EQ(push("one", absent, {}), std::nullopt);
    EXPECT_EQ(push("one", absent, {}), Errc::precondition_failed);
    EXPECT_EQ(push("one", match("one"), {}), std::nullopt);
    EXPECT_EQ(push("one", match("two"), {}), Errc::precondition_failed);
}

TEST_P(ConditionsContract, SeeNoTagWhoseBytesAreWrong) {
    ASSERT_EQ(push("broken", {}), std::nullopt);
    ASSERT_TRUE(run(store->scrub().quarantine(digest("broken"), at(2))).has_value());
    EXPECT_EQ(push("new", match("broken")), Errc::precondition_failed);
    EXPECT_EQ(push("new", absent), std::nullopt);
}

TEST_P(ConditionsContract, KeepATagFromBeingRemoved) {
    ASSERT_EQ(push("one", {}), std::nullopt);
    EXPECT_EQ(remove(match("other")), Errc::precondition_failed);
    EXPECT_EQ(there(), digest("one"));
    EXPECT_EQ(remove(match("one")), std::nullopt);
    EXPECT_EQ(remove(match("one")), Errc::manifest_unknown);
}

OCILOT_META_KINDS(ConditionsContract);
