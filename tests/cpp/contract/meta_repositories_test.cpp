#include "contract/meta_store_fixture.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

namespace {

class MetaRepositoriesContract : public MetaStoreContract {
  protected:
    /// An image of one layer with two tags, and what signs it.
    void SetUp() override {
        for (auto const* const content : {"layer", "unused"}) link(app, content);
        auto image = a_manifest(app, "image", {tag("v1"), tag("latest")});
        image.blobs = {digest("layer")};
        auto signature = a_manifest(app, "signature");
        signature.subject = digest("image");
        for (auto const& manifest : {image, signature}) ASSERT_TRUE(put(manifest).has_value());
    }
    Result<meta::RepositorySummary> remove(oci::RepositoryName const& repository) {
        return run(admin().remove(repository, bob, at(5)));
    }
    Result<meta::RepositorySummary> rename(std::string_view to, bool keep_alias = false) {
        return run(admin().rename({app, repo(to), keep_alias}, bob, at(5)));
    }
    Result<> set_alias(std::string_view name, oci::RepositoryName const& target) {
        return run(admin().set_alias(repo(name), target, bob, at(5)));
    }
    std::string target_of(std::string_view name) {
        auto const found = run(admin().alias(repo(name))).value();
        return found ? found->str() : std::string();
    }
    std::vector<std::string> names(std::string prefix, meta::Page page = {{}, 100}) {
        std::vector<std::string> found;
        auto const listed = run(admin().list(std::move(prefix), std::move(page))).value();
        for (auto const& repository : listed.items) found.push_back(repository.name);
        return found;
    }
    std::vector<std::pair<std::string, std::string>> aliases() {
        std::vector<std::pair<std::string, std::string>> found;
        auto const listed = run(admin().aliases({{}, 100})).value();
        for (auto const& alias : listed.items) found.emplace_back(alias.name, alias.target);
        return found;
    }
    /// What is to be collected once it was released at `second`.
    std::vector<std::string> due(int second) {
        std::vector<std::string> found;
        auto const candidates = run(store->collection().due({at(second), at(second)}, 1000)).value();
        for (auto const& candidate : candidates) {
            found.push_back(candidate.repository + " " + candidate.digest.hex().substr(0, 8));
        }
        return found;
    }
    static std::string candidate(std::string_view repository, std::string_view content) {
        return fmt::format("{} {}", repository, digest(content).hex().substr(0, 8));
    }
    Result<meta::Restored> restore(oci::RepositoryName const& repository, std::string_view name) {
        return run(store->collection().restore({repository, tag(name), {}, {}}, ann, at(9)));
    }
    std::vector<meta::Change> changes(std::string const& action) {
        return run(store->journal().entries({.action = action})).value().items;
    }
    std::vector<std::optional<oci::Digest>> history(oci::RepositoryName const& repository,
                                                    std::string_view name) {
        std::vector<std::optional<oci::Digest>> found;
        for (auto const& entry : run(catalog().history(repository, tag(name), {}, 10)).value()) {
            found.push_back(entry.digest);
        }
        return found;
    }
    oci::RepositoryName const moved = repo("group/moved");
};

}  // namespace

TEST_P(MetaRepositoriesContract, AreListedWithWhatTheyHold) {
    link(repo("team/blobs"), "four");
    ASSERT_TRUE(put(a_manifest(repo("teams"), "m")).has_value());
    auto const found = run(admin().find(app)).value();
    EXPECT_EQ(found.name, "team/app");
    EXPECT_EQ(found.tags, 2U);
    EXPECT_EQ(found.manifests, 2U);
    EXPECT_EQ(found.blobs, 2U);
    EXPECT_EQ(found.bytes, std::string("layerunusedimagesignature").size()) << "manifests count, too";
    EXPECT_THAT(names(""), ElementsAre("team/app", "team/blobs", "teams"));
    EXPECT_THAT(names("team/"), ElementsAre("team/app", "team/blobs"));
    EXPECT_THAT(names("team/b"), ElementsAre("team/blobs"));
    EXPECT_THAT(names("team", {"team/app", 100}), ElementsAre("team/blobs", "teams"));
    EXPECT_THAT(names("teams", {"team/app", 100}), ElementsAre("teams"));
    auto const page = run(admin().list("", {{}, 2})).value();
    EXPECT_TRUE(page.more);
    EXPECT_THAT(page.items, SizeIs(2));
    EXPECT_EQ(run(admin().find(moved)).error().code, Errc::name_unknown);
}

TEST_P(MetaRepositoriesContract, OneThatIsRemovedIsUnknownWithEverythingInIt) {
    auto const removed = remove(app).value();
    EXPECT_EQ(removed.tags, 2U);
    EXPECT_EQ(removed.manifests, 2U);
    EXPECT_EQ(removed.blobs, 2U);
    EXPECT_THAT(repositories(), IsEmpty());
    EXPECT_THAT(names(""), IsEmpty());
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown);
    EXPECT_EQ(run(catalog().resolve(app, tag("v1"))).error().code, Errc::manifest_unknown);
    EXPECT_EQ(run(catalog().manifest(app, digest("image"))).error().code, Errc::manifest_unknown);
    EXPECT_EQ(run(links().blob(app, digest("layer"))).error().code, Errc::blob_unknown);
    EXPECT_THAT(referrers("team/app", digest("image")), IsEmpty());
    EXPECT_THAT(history(app, "v1"), ElementsAre(std::nullopt, digest("image")));
    EXPECT_EQ(remove(app).error().code, Errc::name_unknown);
}

TEST_P(MetaRepositoriesContract, WhatWasRemovedComesBackTagByTag) {
    ASSERT_TRUE(remove(app).has_value());
    auto const restored = restore(app, "v1").value();
    EXPECT_EQ(restored.manifests, 2U) << "with its signature";
    EXPECT_EQ(restored.blobs, 1U);
    EXPECT_THAT(restored.tags, UnorderedElementsAre("latest", "v1"));
    EXPECT_THAT(tags("team/app"), ElementsAre("latest", "v1"));
    EXPECT_THAT(referrers("team/app", digest("image")), ElementsAre(digest("signature")));
    EXPECT_THAT(repositories(), ElementsAre("team/app"));
}

TEST_P(MetaRepositoriesContract, WhatWasRemovedAgainComesBackToo) {
    ASSERT_TRUE(remove(app).has_value());
    auto const before = digest("layer");
    link(app, "layer");
    auto again = a_manifest(app, "image", {tag("v2")});
    again.blobs = {before};
    ASSERT_TRUE(put(again).has_value());
    ASSERT_TRUE(remove(app).has_value());
    EXPECT_THAT(restore(app, "v2").value().tags, ElementsAre("v2")) << "the tags of the later removal";
    EXPECT_TRUE(run(links().blob(app, before)).has_value());
}

TEST_P(MetaRepositoriesContract, ARemovedOneIsCollectedAndLeavesToOthersWhatTheyShare) {
    link(moved, "layer");
    ASSERT_TRUE(remove(app).has_value());
    EXPECT_THAT(due(4), IsEmpty());
    EXPECT_THAT(due(5),
                UnorderedElementsAre(candidate("team/app", "image"), candidate("team/app", "layer"),
                                     candidate("team/app", "signature"), candidate("team/app", "unused")));
    std::vector<oci::Digest> const all{digest("image"), digest("signature"), digest("layer"),
                                       digest("unused")};
    meta::ReviewCutoffs const cutoffs{at(5), at(5)};
    auto& queue = store->collection();
    EXPECT_THAT(run(queue.review(app, all, cutoffs)).value().expired, SizeIs(4));
    auto const purged = run(queue.purge(app, all, cutoffs, at(6))).value();
    EXPECT_EQ(purged.manifests, 2U);
    EXPECT_EQ(purged.links, 2U);
    EXPECT_THAT(run(queue.unheld(all)).value(),
                UnorderedElementsAre(digest("image"), digest("signature"), digest("unused")));
    EXPECT_TRUE(run(links().blob(moved, digest("layer"))).has_value());
    EXPECT_EQ(restore(app, "v1").error().code, Errc::manifest_unknown);
}

TEST_P(MetaRepositoriesContract, NothingLiftsWhatWasCondemnedBeforeTheRemoval) {
    auto& queue = store->collection();
    meta::ReviewCutoffs const cutoffs{at(4), at(4)};
    ASSERT_TRUE(run(queue.enqueue({{app.str(), digest("unused"), at(2)}}, {})).has_value());
    ASSERT_THAT(run(queue.review(app, {digest("unused")}, cutoffs)).value().condemned, SizeIs(1));
    ASSERT_TRUE(remove(app).has_value());
    ASSERT_TRUE(run(queue.lift(app, {digest("unused")}, at(6))).has_value());
    EXPECT_EQ(run(queue.purge(app, {digest("unused")}, cutoffs, at(6))).value().links, 0U);
    EXPECT_THAT(names(""), IsEmpty());
    EXPECT_THAT(due(5), SizeIs(4));
    EXPECT_TRUE(run(store->collection().restore({app, {}, digest("unused"), {}}, ann, at(9))).has_value());
}

TEST_P(MetaRepositoriesContract, ARemovalIsOneChangeThatNamesTheTags) {
    ASSERT_TRUE(remove(app).has_value());
    auto const found = changes("repository.delete");
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].repository, "team/app");
    EXPECT_EQ(found[0].by, bob);
    EXPECT_THAT(found[0].details.tags, ElementsAre(meta::ChangedTag{"latest", digest("image").str()},
                                                   meta::ChangedTag{"v1", digest("image").str()}));
    EXPECT_THAT(found[0].details.counts,
                ElementsAre(::testing::Pair("tags", 2), ::testing::Pair("manifests", 2),
                            ::testing::Pair("blobs", 2)));
    EXPECT_THAT(changes("manifest.delete"), IsEmpty());
}

TEST_P(MetaRepositoriesContract, ARenamedOneHasEverythingUnderItsNewName) {
    auto two = a_manifest(app, "two", {tag("v1")}, at(3));
    ASSERT_TRUE(put(two).has_value());
    ASSERT_TRUE(run(catalog().resolve(app, tag("v1"))).has_value());  // It is in memory now.
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("two"), {}, bob, at(4))).has_value());
    ASSERT_TRUE(run(links().unlink_blob(app, digest("unused"), {}, bob, at(4))).has_value());
    EXPECT_EQ(rename("group/moved").value().name, "group/moved");
    EXPECT_THAT(repositories(), ElementsAre("group/moved"));
    EXPECT_THAT(tags("group/moved"), ElementsAre("latest"));
    EXPECT_EQ(run(catalog().resolve(moved, tag("latest"))).value().digest, digest("image"));
    EXPECT_EQ(run(catalog().resolve(app, tag("latest"))).error().code, Errc::manifest_unknown);
    EXPECT_EQ(run(links().blob(app, digest("layer"))).error().code, Errc::blob_unknown);
    EXPECT_TRUE(run(links().blob(moved, digest("layer"))).has_value());
    EXPECT_THAT(referrers("group/moved", digest("image")), ElementsAre(digest("signature")));
    EXPECT_THAT(history(moved, "v1"), ElementsAre(std::nullopt, digest("two"), digest("image")));
    EXPECT_THAT(history(app, "v1"), IsEmpty());
    EXPECT_THAT(restore(moved, "v1").value().tags, ElementsAre("v1"));
    EXPECT_TRUE(run(store->collection().restore({moved, {}, digest("unused"), {}}, ann, at(9))).has_value());
    EXPECT_EQ(restore(app, "v1").error().code, Errc::manifest_unknown);
}

TEST_P(MetaRepositoriesContract, WhatIsToBeCollectedIsSoUnderTheNewName) {
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("v1"), bob, at(4))).has_value());
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("latest"), bob, at(4))).has_value());
    ASSERT_TRUE(run(store->collection().enqueue({{app.str(), digest("image"), at(4)}}, {})).has_value());
    ASSERT_TRUE(rename("group/moved").has_value());
    std::vector<oci::Digest> const all{digest("image"), digest("signature"), digest("unused")};
    meta::ReviewCutoffs const cutoffs{at(5), at(5)};
    auto const found = due(5);
    for (auto const* const content : {"image", "signature", "unused"}) {
        EXPECT_THAT(found, ::testing::Contains(candidate("group/moved", content)))
            << "also what no change under the new name has named";
    }
    EXPECT_THAT(run(store->collection().review(app, all, cutoffs)).value().condemned, IsEmpty());
    EXPECT_THAT(run(store->collection().review(moved, all, cutoffs)).value().condemned,
                UnorderedElementsAre(digest("image"), digest("unused")));
}

TEST_P(MetaRepositoriesContract, ANameThatIsTakenIsRefusedAndNothingChanges) {
    ASSERT_TRUE(put(a_manifest(moved, "m", {tag("t")})).has_value());
    EXPECT_EQ(rename("group/moved").error().code, Errc::conflict);
    EXPECT_EQ(rename("team/app").error().code, Errc::conflict);
    EXPECT_EQ(run(admin().rename({repo("none"), repo("other")}, bob, at(5))).error().code,
              Errc::name_unknown);
    ASSERT_TRUE(set_alias("old", moved).has_value());
    EXPECT_EQ(rename("old").error().code, Errc::conflict) << "an alias of another repository";
    EXPECT_THAT(tags("team/app"), ElementsAre("latest", "v1"));
    EXPECT_THAT(changes("repository.rename"), IsEmpty());
}

TEST_P(MetaRepositoriesContract, TheRemainsOfADeletedOneOfThatNameAreKept) {
    link(moved, "unused");
    link(moved, "mine");
    for (auto const* const content : {"two", "mine too"}) {
        ASSERT_TRUE(put(a_manifest(moved, content, {tag("t")})).has_value());
    }
    ASSERT_TRUE(remove(moved).has_value());
    ASSERT_TRUE(put(a_manifest(app, "two")).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("two"), {}, bob, at(4))).has_value());
    ASSERT_TRUE(run(links().unlink_blob(app, digest("unused"), {}, bob, at(4))).has_value());
    ASSERT_TRUE(rename("group/moved").has_value());
    for (auto const* const content : {"two", "mine too", "unused", "mine"}) {
        EXPECT_TRUE(
            run(store->collection().restore({moved, {}, digest(content), {}}, ann, at(9))).has_value())
            << content;
    }
}

TEST_P(MetaRepositoriesContract, TheHistoryOfATagThatADeletedOneHadEndsWithWhatTheTagIs) {
    ASSERT_TRUE(put(a_manifest(moved, "theirs", {tag("v1"), tag("only")}, at(2))).has_value());
    ASSERT_TRUE(run(admin().remove(moved, bob, at(4))).has_value());
    ASSERT_TRUE(rename("group/moved").has_value());
    auto const found = run(catalog().history(moved, tag("v1"), {}, 10)).value();
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front().digest, digest("image"));
    EXPECT_EQ(found.front().at, at(5));
    EXPECT_EQ(found.front().by, bob.name);
    EXPECT_THAT(history(moved, "v1"),
                ElementsAre(digest("image"), digest("image"), std::nullopt, digest("theirs")))
        << "not mixed, although theirs was pushed later";
    EXPECT_THAT(history(moved, "latest"), ElementsAre(digest("image"))) << "the deleted one had none";
    EXPECT_THAT(history(moved, "only"), ElementsAre(std::nullopt, digest("theirs")));
    ASSERT_TRUE(run(catalog().delete_tag(moved, tag("v1"), bob, at(7))).has_value());
    auto const at_six = run(store->collection().restore({moved, tag("v1"), {}, at(6)}, ann, at(9))).value();
    EXPECT_EQ(at_six.digest, digest("image"));
}

TEST_P(MetaRepositoriesContract, ATagIsRestoredFromItsOwnHistoryAndNotFromThatOfADeletedOne) {
    ASSERT_TRUE(put(a_manifest(app, "next", {tag("v1"), tag("gone")}, at(2))).has_value());
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("gone"), bob, at(3))).has_value());
    ASSERT_TRUE(put(a_manifest(moved, "theirs", {tag("v1"), tag("gone")}, at(3))).has_value());
    ASSERT_TRUE(run(admin().remove(moved, bob, at(4))).has_value());
    ASSERT_TRUE(rename("group/moved").has_value());
    auto const restore_at = [&](std::string_view name, std::optional<Time> time) {
        return run(store->collection().restore({moved, tag(name), {}, time}, ann, at(9)));
    };
    EXPECT_EQ(restore_at("v1", at(4)).value().digest, digest("next")) << "theirs was deleted at that time";
    EXPECT_EQ(restore_at("v1", at(1)).value().digest, digest("image"));
    EXPECT_EQ(restore_at("gone", at(4)).error().code, Errc::manifest_unknown) << "it was deleted here";
    EXPECT_EQ(restore_at("gone", {}).value().digest, digest("next"));
}

TEST_P(MetaRepositoriesContract, ARenameIsInTheLogUnderTheOldName) {
    ASSERT_TRUE(rename("group/moved", true).has_value());
    auto const found = changes("repository.rename");
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].repository, "team/app");
    EXPECT_EQ(found[0].name, "group/moved");
    auto const added = changes("alias.add");
    ASSERT_THAT(added, SizeIs(1));
    EXPECT_EQ(added[0].repository, "group/moved");
    EXPECT_EQ(added[0].name, "team/app");
}

TEST_P(MetaRepositoriesContract, AnAliasNamesItsTargetUntilItIsRemoved) {
    EXPECT_FALSE(admin().has_aliases());
    EXPECT_EQ(target_of("old"), "");
    ASSERT_TRUE(set_alias("old", app).has_value());
    ASSERT_TRUE(set_alias("old", app).has_value()) << "twice is no error";
    ASSERT_TRUE(set_alias("older", app).has_value());
    EXPECT_TRUE(admin().has_aliases());
    EXPECT_EQ(target_of("old"), "team/app");
    EXPECT_EQ(target_of("team/app"), "");
    EXPECT_THAT(aliases(),
                ElementsAre(::testing::Pair("old", "team/app"), ::testing::Pair("older", "team/app")));
    auto const page = run(admin().aliases({"old", 1})).value();
    EXPECT_FALSE(page.more);
    ASSERT_THAT(page.items, SizeIs(1));
    EXPECT_EQ(page.items[0].created_at, at(5));
    EXPECT_THAT(names(""), ElementsAre("team/app")) << "an alias is no repository";
    EXPECT_TRUE(run(admin().remove_alias(repo("old"), bob, at(6))).has_value());
    EXPECT_EQ(target_of("old"), "");
    EXPECT_EQ(run(admin().remove_alias(repo("old"), bob, at(6))).error().code, Errc::not_found);
    EXPECT_THAT(changes("alias.add"), SizeIs(2));
    EXPECT_THAT(changes("alias.remove"), SizeIs(1));
}

TEST_P(MetaRepositoriesContract, AnAliasHasATargetAndIsNoRepository) {
    EXPECT_EQ(set_alias("old", repo("none")).error().code, Errc::name_unknown);
    EXPECT_EQ(set_alias("team/app", app).error().code, Errc::conflict);
    ASSERT_TRUE(set_alias("old", app).has_value());
    EXPECT_EQ(set_alias("oldest", repo("old")).error().code, Errc::name_unknown) << "no alias of an alias";
}

TEST_P(MetaRepositoriesContract, NothingMakesARepositoryOfAnAlias) {
    auto const old = repo("old");
    link(old, "layer");
    ASSERT_TRUE(put(a_manifest(old, "before", {tag("t")})).has_value());
    ASSERT_TRUE(remove(old).has_value());
    ASSERT_TRUE(set_alias("old", app).has_value());
    EXPECT_EQ(put(a_manifest(old, "m", {tag("t")})).error().code, Errc::denied);
    meta::BlobFact const blob{digest("layer"), 5};
    EXPECT_EQ(run(links().link_blob(old, blob, {}, bob, at(6))).error().code, Errc::denied);
    EXPECT_EQ(run(links().mount_blob(app, old, digest("layer"), bob, at(6))).error().code, Errc::denied);
    EXPECT_EQ(restore(old, "t").error().code, Errc::denied);
    EXPECT_THAT(names(""), ElementsAre("team/app"));
    EXPECT_THAT(tags("team/app"), ElementsAre("latest", "v1"));
}

TEST_P(MetaRepositoriesContract, AliasesFollowARenamedRepositoryThereAndBack) {
    ASSERT_TRUE(set_alias("old", app).has_value());
    ASSERT_TRUE(rename("group/moved", true).has_value());
    EXPECT_THAT(aliases(), ElementsAre(::testing::Pair("old", "group/moved"),
                                       ::testing::Pair("team/app", "group/moved")));
    ASSERT_TRUE(run(admin().rename({moved, app, true}, bob, at(6))).has_value());
    EXPECT_THAT(aliases(),
                ElementsAre(::testing::Pair("group/moved", "team/app"), ::testing::Pair("old", "team/app")));
    EXPECT_THAT(tags("team/app"), ElementsAre("latest", "v1"));
}

TEST_P(MetaRepositoriesContract, AnAliasOutlivesItsTarget) {
    ASSERT_TRUE(set_alias("old", app).has_value());
    ASSERT_TRUE(remove(app).has_value());
    EXPECT_EQ(target_of("old"), "team/app");
    ASSERT_TRUE(restore(app, "v1").has_value());
    EXPECT_EQ(target_of("old"), "team/app");
}

TEST_P(MetaRepositoriesContract, AnUploadInProgressContinuesUnderTheOldName) {
    SystemRandom random;
    auto const id = Uuid::random(random);
    ASSERT_TRUE(run(uploads().open({id, app, oci::Algorithm::sha256, "", at(1)})).has_value());
    ASSERT_TRUE(rename("group/moved").has_value());
    EXPECT_TRUE(run(uploads().find(app, id)).has_value());
    EXPECT_EQ(run(uploads().find(moved, id)).error().code, Errc::upload_unknown);
    meta::UploadClaim const claim{id, 1};
    ASSERT_TRUE(run(links().link_blob(app, {digest("late"), 4}, claim, bob, at(6))).has_value());
    EXPECT_THAT(names(""), ElementsAre("group/moved", "team/app"));
}

TEST_P(MetaRepositoriesContract, ALargeOneGoesWithAllItsTags) {
    constexpr int count = 1500;
    std::vector<oci::Tag> many;
    for (int number = 0; number < count; ++number) many.push_back(tag(fmt::format("t{}", number)));
    ASSERT_TRUE(put(a_manifest(app, "tagged", many)).has_value());
    EXPECT_EQ(remove(app).value().tags, count + 2U);
    auto const found = changes("repository.delete").front();
    EXPECT_THAT(found.details.tags, SizeIs(meta::max_changed_tags));
    EXPECT_EQ(found.details.more_tags, count + 2U - meta::max_changed_tags);
    EXPECT_THAT(changes("tag.delete"), SizeIs(6)) << "502 tags, of which one has a hundred";
    EXPECT_THAT(restore(app, "t1499").value().tags, SizeIs(count)) << "all that went with the manifest";
}

OCILOT_META_KINDS(MetaRepositoriesContract);
