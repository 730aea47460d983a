#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

class MetaRestorationContract : public MetaStoreContract {
  protected:
    void SetUp() override {
        for (auto const* const content : {"layer", "other"}) link(app, content);
        auto image = a_manifest(app, "image");
        image.blobs = {digest("layer")};
        auto index = a_manifest(app, "index", {tag("v1"), tag("latest")});
        index.manifests = {digest("image")};
        auto signature = a_manifest(app, "signature");
        signature.subject = digest("index");
        for (auto const& manifest : {image, index, signature}) ASSERT_TRUE(put(manifest).has_value());
    }
    Result<meta::Restored> restore(meta::RestoreRequest request) {
        return run(store->collection().restore(std::move(request), ann, at(9)));
    }
    Result<meta::Restored> restore_tag(std::string_view name, std::optional<Time> when = {}) {
        return restore({app, tag(name), {}, when});
    }
    Result<> remove(std::string_view content) {
        return run(catalog().delete_manifest(app, digest(content), {}, bob, at(5)));
    }
    oci::Digest tagged(std::string_view name) {
        return run(catalog().resolve(app, tag(name))).value().digest;
    }
    bool has_manifest(std::string_view content) {
        return run(catalog().manifest(app, digest(content))).has_value();
    }
};

}  // namespace

TEST_P(MetaRestorationContract, AnImageThatWasDeletedComesBackWithEverythingThatWentWithIt) {
    for (auto const* const content : {"signature", "index", "image"}) {
        ASSERT_TRUE(remove(content).has_value());
    }
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(5))).has_value());
    EXPECT_THAT(tags("team/app"), IsEmpty());
    auto const restored = restore({app, {}, digest("index"), {}}).value();
    EXPECT_EQ(restored.manifests, 3U);
    EXPECT_EQ(restored.blobs, 1U);
    EXPECT_THAT(restored.tags, ElementsAre("latest", "v1"));
    EXPECT_THAT(tags("team/app"), ElementsAre("latest", "v1"));
    EXPECT_TRUE(has_manifest("image"));
    EXPECT_THAT(referrers("team/app", digest("index")), ElementsAre(digest("signature")));
    EXPECT_TRUE(run(links().blob(app, digest("layer"))).has_value());
}

TEST_P(MetaRestorationContract, MoreTagsThanAChangeNamesComeBack) {
    std::vector<oci::Tag> many;
    for (std::size_t n = 0; n <= meta::max_changed_tags; ++n) many.push_back(tag("t" + std::to_string(n)));
    ASSERT_TRUE(put(a_manifest(app, "many", many)).has_value());
    ASSERT_TRUE(remove("many").has_value());
    EXPECT_THAT(restore({app, {}, digest("many"), {}}).value().tags, SizeIs(many.size()));
}

TEST_P(MetaRestorationContract, ATagThatWasDeletedPointsWhereItDid) {
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("v1"), bob, at(5))).has_value());
    EXPECT_THAT(restore_tag("v1").value().tags, ElementsAre("v1"));
    EXPECT_EQ(tagged("v1"), digest("index"));
}

TEST_P(MetaRestorationContract, ATagThatMovedGoesBackToWhereItWasBeforeAndAtAnyTime) {
    ASSERT_TRUE(put(a_manifest(app, "two", {tag("v1")}, at(3))).has_value());
    ASSERT_TRUE(put(a_manifest(app, "three", {tag("v1")}, at(5))).has_value());
    EXPECT_EQ(restore_tag("v1").value().digest, digest("two"));
    EXPECT_EQ(tagged("v1"), digest("two"));
    EXPECT_EQ(restore_tag("v1", at(2)).value().digest, digest("index"));
    EXPECT_EQ(tagged("v1"), digest("index"));
    EXPECT_EQ(restore_tag("v1", at(0)).error().code, Errc::manifest_unknown);
    auto const history = run(catalog().history(app, tag("v1"), {}, 10)).value();
    ASSERT_THAT(history, SizeIs(5));
    EXPECT_EQ(history[0].by, "ann");
    EXPECT_EQ(history[4].digest, digest("index"));
    EXPECT_THAT(run(catalog().history(app, tag("v1"), history[3].id, 10)).value(), SizeIs(1));
}

TEST_P(MetaRestorationContract, ATagThatWasSetAgainIsNotMovedByTheWay) {
    ASSERT_TRUE(remove("index").has_value());
    ASSERT_TRUE(put(a_manifest(app, "new", {tag("latest")}, at(6))).has_value());
    EXPECT_THAT(restore({app, {}, digest("index"), {}}).value().tags, ElementsAre("v1"));
    EXPECT_EQ(tagged("latest"), digest("new"));
}

TEST_P(MetaRestorationContract, ABlobThatWasDeletedIsLinkedAgain) {
    ASSERT_TRUE(run(links().unlink_blob(app, digest("other"), {}, bob, at(5))).has_value());
    EXPECT_EQ(restore({app, {}, digest("other"), {}}).value().blobs, 1U);
    EXPECT_TRUE(run(links().blob(app, digest("other"))).has_value());
}

TEST_P(MetaRestorationContract, WhatNobodyDeletedOrIsPurgedCannotBeRestored) {
    EXPECT_EQ(restore({app, {}, digest("index"), {}}).error().code, Errc::manifest_unknown);
    EXPECT_EQ(restore({app, {}, digest("never"), {}}).error().code, Errc::manifest_unknown);
    EXPECT_EQ(restore_tag("never").error().code, Errc::manifest_unknown);
    ASSERT_TRUE(remove("index").has_value());
    auto& queue = store->collection();
    ASSERT_TRUE(run(queue.enqueue({{app.str(), digest("index"), at(5)}}, {})).has_value());
    ASSERT_TRUE(run(queue.purge(app, {digest("index")}, {at(5), at(5)}, at(6))).has_value());
    EXPECT_EQ(restore({app, {}, digest("index"), {}}).error().code, Errc::manifest_unknown);
    EXPECT_EQ(restore_tag("v1").error().code, Errc::manifest_unknown);
}

TEST_P(MetaRestorationContract, WhatIsRestoredIsInTheJournal) {
    ASSERT_TRUE(remove("index").has_value());
    ASSERT_TRUE(restore_tag("v1").has_value());
    auto const entries = run(store->journal().entries({.by = "ann", .action = "tag.restore"})).value().items;
    ASSERT_THAT(entries, SizeIs(2));
    EXPECT_EQ(entries[0].digest, digest("index").str());
    EXPECT_THAT(run(store->journal().entries({.action = "manifest.restore"})).value().items, SizeIs(1));
}

OCILOT_META_KINDS(MetaRestorationContract);
