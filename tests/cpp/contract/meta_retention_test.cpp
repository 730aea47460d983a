#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

class MetaRetentionContract : public MetaStoreContract {
  protected:
    meta::Retention& retention() { return store->retention(); }
    std::int64_t add_plan(std::string state) {
        return run(retention().add_plan({0, at(5), std::move(state), "{}"})).value();
    }
    std::vector<std::int64_t> plans() {
        std::vector<std::int64_t> ids;
        for (auto const& plan : run(retention().plans({}, 100)).value()) ids.push_back(plan.id);
        return ids;
    }
    std::int64_t add_pieces(std::vector<meta::PlanPiece> some) {
        auto const plan = add_plan("ready");
        EXPECT_TRUE(run(retention().add_pieces(plan, std::move(some))).has_value());
        return plan;
    }
    /// The repositories of the rows of a plan, in the order of its pieces.
    std::vector<std::string> repositories_of(std::int64_t plan) {
        std::vector<std::string> names;
        for (auto& piece : run(retention().pieces({plan, 0, "", 10})).value()) {
            names.push_back(std::move(piece.repository));
        }
        return names;
    }
    std::vector<std::int64_t> pieces(meta::PieceQuery query) {
        std::vector<std::int64_t> numbers;
        for (auto const& piece : run(retention().pieces(std::move(query))).value()) {
            numbers.push_back(piece.number);
        }
        return numbers;
    }
};

}  // namespace

TEST_P(MetaRetentionContract, ReadsARepositoryPageByPage) {
    link(app, "layer");
    link(repo("other"), "layer");
    ASSERT_TRUE(put(a_manifest(app, "platform", {}, at(3))).has_value());
    auto index = a_manifest(app, "index", {tag("v1"), tag("v2")}, at(4));
    index.manifests = index.required_manifests = {digest("platform")};
    index.blobs = index.required_blobs = {digest("layer")};
    index.subject = digest("subject");
    index.artifact_type = "type";
    index.annotations = {{"env", "prod"}};
    ASSERT_TRUE(put(index).has_value());
    auto const first = run(retention().tags(app, {{}, 1})).value();
    ASSERT_EQ(first.items.size(), 1U);
    EXPECT_TRUE(first.more);
    EXPECT_EQ(first.items[0].name, "v1");
    EXPECT_EQ(first.items[0].digest, digest("index"));
    EXPECT_EQ(first.items[0].pushed_at, at(4));
    EXPECT_EQ(run(retention().tags(app, {"v1", 1})).value().items.at(0).name, "v2");

    auto const manifests = run(retention().manifests(app, {{}, 10})).value();
    ASSERT_EQ(manifests.items.size(), 2U);
    EXPECT_FALSE(manifests.more);
    auto const& found = manifests.items[manifests.items[0].digest == digest("index") ? 0 : 1];
    EXPECT_EQ(found.subject, digest("subject"));
    EXPECT_EQ(found.media_type, index.fact.media_type);
    EXPECT_EQ(found.artifact_type, "type");
    EXPECT_EQ(found.annotations_json, R"({"env":"prod"})");
    EXPECT_EQ(found.released_at, std::nullopt);

    auto const edges = run(retention().edges(app, {}, 10)).value();
    ASSERT_EQ(edges.size(), 2U);
    for (auto const& edge : edges) {
        EXPECT_EQ(edge.manifest, found.id);
        EXPECT_EQ(edge.child, edge.to_manifest ? digest("platform") : digest("layer"));
    }
    auto const& last = edges[0];
    meta::EdgePlace const after_first{last.child.str(), last.manifest,
                                      last.to_manifest ? "manifest" : "blob"};
    EXPECT_EQ(run(retention().edges(app, after_first, 10)).value().size(), 1U);
    EXPECT_EQ(run(retention().links(app, {{}, 10})).value().items.size(), 1U);
    EXPECT_THAT(run(retention().held_elsewhere(app, {digest("layer"), digest("index")})).value(),
                ElementsAre(digest("layer")));
}

TEST_P(MetaRetentionContract, ATagThatIsPushedAgainIsYoung) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")}, at(4))).has_value());
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")}, at(9))).has_value());
    EXPECT_EQ(run(retention().tags(app, {{}, 1})).value().items.at(0).pushed_at, at(9));
}

TEST_P(MetaRetentionContract, KnowsSinceWhenAManifestIsUntagged) {
    ASSERT_TRUE(put(a_manifest(app, "image", {}, at(4))).has_value());
    ASSERT_TRUE(run(store->collection().enqueue({{app.str(), digest("image"), at(6)}}, {})).has_value());
    EXPECT_EQ(run(retention().manifests(app, {{}, 1})).value().items.at(0).released_at, at(6));
}

TEST_P(MetaRetentionContract, KnowsWhatBelongsToWhatCanBeRestored) {
    auto const signature = "sha256-" + digest("image").hex() + ".sig";
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
    ASSERT_TRUE(put(a_manifest(app, "signature", {tag(signature)})).has_value());
    auto sbom = a_manifest(app, "sbom");
    sbom.subject = digest("image");
    ASSERT_TRUE(put(sbom).has_value());
    auto const restorable = [&] {
        std::vector<std::string> found;
        for (auto const& each : run(retention().tags(app, {{}, 10})).value().items) {
            if (each.subject_restorable) found.push_back(each.name);
        }
        for (auto const& each : run(retention().manifests(app, {{}, 10})).value().items) {
            if (each.subject_restorable) found.push_back(each.digest.str());
        }
        return found;
    };
    EXPECT_THAT(restorable(), IsEmpty());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("image"), {}, bob, at(2))).has_value());
    EXPECT_THAT(restorable(), ElementsAre(signature, digest("sbom").str()));
    meta::ReviewCutoffs const cutoffs{at(3), at(3)};
    ASSERT_TRUE(run(store->collection().enqueue({{app.str(), digest("image"), at(2)}}, {})).has_value());
    EXPECT_EQ(run(store->collection().purge(app, {digest("image")}, cutoffs, at(4))).value().manifests, 1U);
    EXPECT_THAT(restorable(), IsEmpty());
}

TEST_P(MetaRetentionContract, KeepsPlansAndTheirPieces) {
    auto const plan = add_plan("making");
    ASSERT_TRUE(run(retention().add_pieces(plan, {{1, "delete", "team/app", "[]"},
                                                  {2, "keep", "team/app", "[]"},
                                                  {3, "delete", "team/b", "[]"}}))
                    .has_value());
    EXPECT_THAT(pieces({plan, 0, "", 10}), ElementsAre(1, 2, 3));
    EXPECT_THAT(pieces({plan, 1, "delete", 10}), ElementsAre(3));
    EXPECT_THAT(pieces({plan, 0, "", 2}), ElementsAre(1, 2));
    EXPECT_EQ(run(retention().change_plan({plan, at(5), "ready", R"({"a":1})"}, "applied")).error().code,
              Errc::conflict);
    ASSERT_TRUE(run(retention().change_plan({plan, at(5), "ready", R"({"a":1})"}, "making")).has_value());
    auto const changed = run(retention().plan(plan)).value();
    EXPECT_EQ(changed.state, "ready");
    EXPECT_EQ(changed.content, R"({"a":1})");
    EXPECT_EQ(changed.made_at, at(5));
    EXPECT_EQ(run(retention().plan(plan + 1)).error().code, Errc::not_found);
}

TEST_P(MetaRetentionContract, RemovesPlansWithTheirPieces) {
    auto const old = add_plan("ready");
    ASSERT_TRUE(run(retention().add_pieces(old, {{1, "delete", "a", "[]"}})).has_value());
    auto const kept = add_plan("ready");
    ASSERT_TRUE(run(retention().add_pieces(kept, {{1, "delete", "a", "[]"}})).has_value());
    ASSERT_TRUE(run(retention().remove_plans({old, kept + 1})).has_value()) << "one is not there";
    EXPECT_THAT(plans(), ElementsAre(kept));
    EXPECT_THAT(pieces({old, 0, "", 10}), IsEmpty());
    EXPECT_THAT(pieces({kept, 0, "", 10}), ElementsAre(1));
    EXPECT_GT(add_plan("ready"), kept) << "no id is given twice";
    EXPECT_EQ(run(retention().add_pieces(old, {{1, "delete", "a", "[]"}})).error().code, Errc::conflict)
        << "it was removed while it was made";
    EXPECT_THAT(pieces({old, 0, "", 10}), IsEmpty());
}

TEST_P(MetaRetentionContract, RowsFollowARenamedRepository) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
    auto const one = add_pieces({{1, "delete", "team/app", "[]"}, {2, "keep", "team/app/b", "[]"}});
    auto const other = add_pieces({{1, "delete", "team/app", "[]"}});
    ASSERT_TRUE(run(admin().rename({app, repo("group/moved"), true}, bob, at(5))).has_value());
    EXPECT_THAT(repositories_of(one), ElementsAre("group/moved", "team/app/b"));
    EXPECT_THAT(repositories_of(other), ElementsAre("group/moved"));
    EXPECT_EQ(run(retention().tags(repo("group/moved"), {{}, 10})).value().items.size(), 1U);
    EXPECT_THAT(run(retention().tags(app, {{}, 10})).value().items, IsEmpty()) << "an alias is not read";
}

TEST_P(MetaRetentionContract, ARenamedRepositoryHasItsUntaggedManifestsSinceTheRename) {
    ASSERT_TRUE(put(a_manifest(app, "image", {}, at(1))).has_value());
    ASSERT_TRUE(run(store->collection().enqueue({{app.str(), digest("image"), at(2)}}, {})).has_value());
    ASSERT_TRUE(run(admin().rename({app, repo("group/moved"), false}, bob, at(5))).has_value());
    auto const moved = run(retention().manifests(repo("group/moved"), {{}, 10})).value();
    EXPECT_EQ(moved.items.at(0).released_at, at(5));
}

TEST_P(MetaRetentionContract, RowsGoWithADeletedRepository) {
    ASSERT_TRUE(put(a_manifest(app, "image", {tag("v1")})).has_value());
    auto const plan = add_pieces(
        {{1, "delete", "team/app", "[]"}, {2, "keep", "team/app", "[]"}, {3, "delete", "team/b", "[]"}});
    ASSERT_TRUE(run(admin().remove(app, bob, at(5))).has_value());
    EXPECT_THAT(repositories_of(plan), ElementsAre("team/b"));
    EXPECT_THAT(run(retention().tags(app, {{}, 10})).value().items, IsEmpty());
    EXPECT_EQ(run(retention().plan(plan)).value().state, "ready");
}

OCILOT_META_KINDS(MetaRetentionContract);
