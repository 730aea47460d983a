#include "contract/meta_store_fixture.h"

#include <gmock/gmock.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

OCILOT_META_KINDS(MetaStoreContract);

TEST_P(MetaStoreContract, IsReadyAndEmptyAtFirst) {
    EXPECT_TRUE(run(store->check()).has_value());
    EXPECT_THAT(repositories(), IsEmpty());
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown);
}

TEST_P(MetaStoreContract, ARepositoryExistsWhileItHoldsALinkAndIsListedWhileItHoldsAManifest) {
    link(app, "layer");
    EXPECT_THAT(tags("team/app"), IsEmpty());
    EXPECT_THAT(repositories(), IsEmpty());
    ASSERT_TRUE(put(a_manifest(app, "m")).has_value());
    EXPECT_THAT(repositories(), ElementsAre("team/app"));
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(2))).has_value());
    EXPECT_THAT(repositories(), ElementsAre("team/app"));
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("m"), {}, bob, at(2))).has_value());
    EXPECT_THAT(repositories(), IsEmpty());
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown);
}

TEST_P(MetaStoreContract, PagesOfRepositoriesAreInByteOrderAndTellWhetherMoreFollow) {
    for (auto const* name : {"b", "a/b", "a-b", "a", "c"})
        ASSERT_TRUE(put(a_manifest(repo(name), "m")).has_value());
    auto const first = run(catalog().repositories({{}, 2})).value();
    EXPECT_THAT(first.items, ElementsAre("a", "a-b"));
    EXPECT_TRUE(first.more);
    auto const second = run(catalog().repositories({"a-b", 3})).value();
    EXPECT_THAT(second.items, ElementsAre("a/b", "b", "c"));
    EXPECT_FALSE(second.more);
    auto const between = run(catalog().repositories({"bb", 3})).value();
    EXPECT_THAT(between.items, ElementsAre("c"));
    auto const none = run(catalog().repositories({{}, 0})).value();
    EXPECT_THAT(none.items, IsEmpty());
    EXPECT_TRUE(none.more);
    auto const all = run(catalog().repositories({{}, std::numeric_limits<std::size_t>::max()})).value();
    EXPECT_EQ(all.items.size(), 5U);
}

TEST_P(MetaStoreContract, PagesOfTagsAreInByteOrderAndOfOneRepository) {
    ASSERT_TRUE(put(a_manifest(app, "m", {tag("v2"), tag("V1"), tag("_x"), tag("v10")})).has_value());
    ASSERT_TRUE(put(a_manifest(repo("team/other"), "m", {tag("other")})).has_value());
    EXPECT_THAT(tags("team/app"), ElementsAre("V1", "_x", "v10", "v2"));
    auto const page = run(catalog().tags(app, {"V1", 2})).value();
    EXPECT_THAT(page.items, ElementsAre("_x", "v10"));
    EXPECT_TRUE(page.more);
    auto const beyond = run(catalog().tags(app, {"zzz", 2})).value();
    EXPECT_THAT(beyond.items, IsEmpty());
    EXPECT_FALSE(beyond.more);
}

TEST_P(MetaStoreContract, PagingMissesNoTagThatWasThereThroughout) {
    std::vector<oci::Tag> steady;
    std::vector<std::string> names;
    for (int i = 0; i < 50; ++i) names.push_back("steady-" + std::to_string(100 + i));
    for (auto const& name : names) steady.push_back(tag(name));
    ASSERT_TRUE(put(a_manifest(app, "m", steady)).has_value());
    std::vector<std::string> seen;
    meta::Page page{{}, 7};
    for (int round = 0;; ++round) {
        auto const slice = run(catalog().tags(app, page)).value();
        for (auto const& name : slice.items) {
            if (name.find("passing") == std::string::npos) seen.push_back(name);
        }
        if (!slice.more) break;
        page.after = slice.items.back();
        auto const passing = [](int n, std::string_view prefix) {
            return tag(std::string(prefix) + "-passing-" + std::to_string(n));
        };
        ASSERT_TRUE(
            put(a_manifest(app, "m", {passing(round, "a"), passing(round, *page.after), passing(round, "z")}))
                .has_value());
        ASSERT_TRUE(run(catalog().delete_tag(app, passing(round, "a"), bob, at(2))).has_value());
        ASSERT_TRUE(run(catalog().delete_tag(app, passing(round, *page.after), bob, at(2))).has_value());
    }
    EXPECT_EQ(seen, names);
}

TEST_P(MetaStoreContract, ATagLeadsToItsManifestAndMoves) {
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("latest"), tag("v1")})).has_value());
    auto const fact = run(catalog().resolve(app, tag("latest"))).value();
    EXPECT_EQ(fact.digest, digest("one"));
    EXPECT_EQ(fact.media_type, image_type);
    EXPECT_EQ(fact.size, 3U);
    ASSERT_TRUE(put(a_manifest(app, "second", {tag("latest")})).has_value());
    EXPECT_EQ(run(catalog().resolve(app, tag("latest"))).value().digest, digest("second"));
    EXPECT_EQ(run(catalog().resolve(app, tag("v1"))).value().digest, digest("one"));
    EXPECT_EQ(run(catalog().manifest(app, digest("one"))).value().size, 3U);
}

TEST_P(MetaStoreContract, WhatIsNotThereIsUnknown) {
    ASSERT_TRUE(put(a_manifest(repo("other"), "m", {tag("t")})).has_value());
    link(repo("other"), "b");
    for (auto const& repository : {app, repo("other/sub")}) {
        EXPECT_EQ(run(catalog().resolve(repository, tag("t"))).error().code, Errc::manifest_unknown);
        EXPECT_EQ(run(catalog().manifest(repository, digest("m"))).error().code, Errc::manifest_unknown);
        EXPECT_EQ(run(links().blob(repository, digest("b"))).error().code, Errc::blob_unknown);
        EXPECT_EQ(run(links().unlink_blob(repository, digest("b"), {}, bob, at(2))).error().code,
                  Errc::blob_unknown);
        EXPECT_EQ(run(catalog().delete_tag(repository, tag("t"), bob, at(2))).error().code,
                  Errc::manifest_unknown);
        EXPECT_EQ(run(catalog().delete_manifest(repository, digest("m"), {}, bob, at(2))).error().code,
                  Errc::manifest_unknown);
    }
    EXPECT_EQ(run(catalog().resolve(repo("other"), tag("u"))).error().code, Errc::manifest_unknown);
    EXPECT_EQ(run(catalog().manifest(repo("other"), digest("b"))).error().code, Errc::manifest_unknown);
    EXPECT_EQ(run(links().blob(repo("other"), digest("m"))).error().code, Errc::blob_unknown);
    EXPECT_EQ(run(catalog().delete_tag(repo("other"), tag("u"), bob, at(2))).error().code,
              Errc::manifest_unknown);
}

TEST_P(MetaStoreContract, AManifestNamingWhatIsMissingIsRefusedWithEveryMissingDigestOnceInOrder) {
    link(app, "there");
    link(repo("elsewhere"), "b1");
    auto manifest = a_manifest(app, "m", {tag("t")});
    manifest.required_blobs = {digest("b2"), digest("there"), digest("b1"), digest("b2")};
    manifest.required_manifests = {digest("child"), digest("there"), digest("b1")};
    auto const refused = put(manifest);
    EXPECT_EQ(refused.error().code, Errc::manifest_blob_unknown);
    EXPECT_THAT(refused.error().subjects, ElementsAre(digest("b2").str(), digest("b1").str(),
                                                      digest("child").str(), digest("there").str()));
    EXPECT_EQ(run(catalog().manifest(app, digest("m"))).error().code, Errc::manifest_unknown);
    EXPECT_THAT(tags("team/app"), IsEmpty());
}

TEST_P(MetaStoreContract, ARefusedManifestDoesNotMakeARepository) {
    auto manifest = a_manifest(app, "m");
    manifest.required_blobs = {digest("b")};
    EXPECT_THAT(put(manifest).error().subjects, ElementsAre(digest("b").str()));
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown);
}

TEST_P(MetaStoreContract, AManifestWhoseContentIsThereIsRecorded) {
    link(app, "config");
    ASSERT_TRUE(put(a_manifest(app, "child")).has_value());
    auto manifest = a_manifest(app, "m");
    manifest.required_blobs = {digest("config")};
    manifest.required_manifests = {digest("child")};
    manifest.blobs = {digest("config"), digest("config"), digest("foreign")};
    manifest.manifests = {digest("child")};
    EXPECT_TRUE(put(manifest).has_value());
    EXPECT_EQ(run(catalog().manifest(app, digest("m"))).value().size, 1U);
}

TEST_P(MetaStoreContract, AManifestPushedAgainMovesTagsAndCountsOnce) {
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("t")})).has_value());
    ASSERT_TRUE(put(a_manifest(app, "two", {tag("t")})).has_value());
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("t"), tag("u")})).has_value());
    EXPECT_EQ(run(catalog().resolve(app, tag("t"))).value().digest, digest("one"));
    EXPECT_THAT(tags("team/app"), ElementsAre("t", "u"));
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("one"), {}, bob, at(2))).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("two"), {}, bob, at(2))).has_value());
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown);
}

TEST_P(MetaStoreContract, DeletingATagLeavesTheManifestAndOtherTags) {
    ASSERT_TRUE(put(a_manifest(app, "m", {tag("a"), tag("b")})).has_value());
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("a"), bob, at(2))).has_value());
    EXPECT_THAT(tags("team/app"), ElementsAre("b"));
    ASSERT_TRUE(run(catalog().delete_tag(app, tag("b"), bob, at(2))).has_value());
    EXPECT_TRUE(run(catalog().manifest(app, digest("m"))).has_value());
    EXPECT_THAT(repositories(), ElementsAre("team/app"));
}

TEST_P(MetaStoreContract, DeletingAManifestRemovesItsTagsAndNoOthers) {
    ASSERT_TRUE(put(a_manifest(app, "one", {tag("a"), tag("b")})).has_value());
    ASSERT_TRUE(put(a_manifest(app, "two", {tag("c")})).has_value());
    ASSERT_TRUE(put(a_manifest(repo("other"), "one", {tag("a")})).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("one"), {}, bob, at(2))).has_value());
    EXPECT_THAT(tags("team/app"), ElementsAre("c"));
    EXPECT_EQ(run(catalog().manifest(app, digest("one"))).error().code, Errc::manifest_unknown);
    EXPECT_THAT(tags("other"), ElementsAre("a"));
}

TEST_P(MetaStoreContract, AnEmptiedRepositoryComesBackEmpty) {
    ASSERT_TRUE(put(a_manifest(app, "m", {tag("old")})).has_value());
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("m"), {}, bob, at(2))).has_value());
    link(app, "layer");
    EXPECT_THAT(tags("team/app"), IsEmpty());
    EXPECT_THAT(repositories(), IsEmpty());
}

TEST_P(MetaStoreContract, ABlobIsLinkedOnceUntilItIsUnlinked) {
    link(app, "layer");
    link(app, "layer");
    auto const blob = run(links().blob(app, digest("layer"))).value();
    EXPECT_EQ(blob.digest, digest("layer"));
    EXPECT_EQ(blob.size, 5U);
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(2))).has_value());
    EXPECT_EQ(run(links().unlink_blob(app, digest("layer"), {}, bob, at(2))).error().code,
              Errc::blob_unknown);
}

TEST_P(MetaStoreContract, AMountMakesASecondLinkThatOutlivesTheFirst) {
    auto const target = repo("mirror/app");
    link(app, "layer");
    EXPECT_EQ(run(links().mount_blob(app, target, digest("layer"), bob, at(2))).value().size, 5U);
    ASSERT_TRUE(run(links().mount_blob(app, target, digest("layer"), bob, at(3))).has_value());
    ASSERT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(2))).has_value());
    EXPECT_EQ(run(links().blob(target, digest("layer"))).value().size, 5U);
    EXPECT_EQ(run(links().mount_blob(app, target, digest("layer"), bob, at(3))).error().code,
              Errc::blob_unknown);
    EXPECT_EQ(run(links().mount_blob(target, app, digest("none"), bob, at(3))).error().code,
              Errc::blob_unknown);
    EXPECT_EQ(tags_error("team/app"), Errc::name_unknown);
}

TEST_P(MetaStoreContract, TheHoldersOfABlobAreToldInPagesOldestRepositoryFirst) {
    for (auto const* name : {"z/first", "b", "a", "m", "other"}) {
        if (std::string_view(name) != "other") link(repo(name), "layer");
        link(repo(name), "second");
    }
    auto const holders = [&](meta::Page page) { return run(links().holders(digest("layer"), page)).value(); };
    auto const first = holders({{}, 3});
    EXPECT_THAT(first.items, ElementsAre("z/first", "b", "a"));
    EXPECT_TRUE(first.more);
    auto const second = holders({"a", 3});
    EXPECT_THAT(second.items, ElementsAre("m"));
    EXPECT_FALSE(second.more);
    ASSERT_TRUE(run(links().unlink_blob(repo("b"), digest("layer"), {}, bob, at(2))).has_value());
    EXPECT_THAT(holders({{}, 10}).items, ElementsAre("z/first", "a", "m"));
    EXPECT_THAT(holders({"b", 10}).items, ElementsAre("a", "m")) << "goes on after one that is none any more";
    EXPECT_THAT(run(links().holders(digest("none"), {{}, 10})).value().items, IsEmpty());
    EXPECT_EQ(run(links().holders(digest("layer"), {"gone", 10})).error().code, Errc::name_unknown);
}

TEST_P(MetaStoreContract, ReferrersAreListedByDigestAndByType) {
    auto const subject = digest("subject");
    for (auto const* content : {"sig1", "sig2", "sbom"}) {
        auto referrer = a_manifest(app, content);
        referrer.subject = subject;
        referrer.artifact_type = std::string(content).substr(0, 3);
        referrer.annotations = {{"who", content}, {"quote\"", "\xc3\xa4\n"}};
        ASSERT_TRUE(put(referrer).has_value());
    }
    ASSERT_TRUE(put(a_manifest(app, "unrelated")).has_value());
    EXPECT_THAT(referrers("team/app", subject),
                UnorderedElementsAre(digest("sig1"), digest("sig2"), digest("sbom")));
    EXPECT_THAT(referrers("team/app", subject, "sig"), UnorderedElementsAre(digest("sig1"), digest("sig2")));
    EXPECT_THAT(referrers("team/app", subject, "none"), IsEmpty());
    EXPECT_THAT(referrers("team/other", subject), IsEmpty());
    EXPECT_THAT(referrers("team/app", digest("unrelated")), IsEmpty());
    auto const sbom = referrers_page(app, subject, "sbo", {{}, 1});
    ASSERT_EQ(sbom.items.size(), 1U);
    EXPECT_FALSE(sbom.more);
    EXPECT_EQ(sbom.items[0].media_type, image_type);
    EXPECT_EQ(sbom.items[0].size, 4U);
    EXPECT_EQ(sbom.items[0].artifact_type, "sbo");
    EXPECT_EQ(nlohmann::json::parse(sbom.items[0].annotations_json),
              (nlohmann::json{{"who", "sbom"}, {"quote\"", "\xc3\xa4\n"}}));
}

TEST_P(MetaStoreContract, PagesOfReferrersShowEachOnceInOrder) {
    std::set<std::string> expected;
    for (int i = 0; i < 20; ++i) {
        auto referrer = a_manifest(app, std::to_string(i));
        referrer.subject = digest("subject");
        referrer.artifact_type = i % 2 == 0 ? "even" : "odd";
        if (i % 2 == 0) expected.insert(referrer.fact.digest.str());
        ASSERT_TRUE(put(referrer).has_value());
    }
    std::vector<std::string> seen;
    meta::Page page{{}, 3};
    for (bool more = true; more;) {
        auto const slice = referrers_page(app, digest("subject"), "even", page);
        for (auto const& referrer : slice.items) seen.push_back(referrer.digest.str());
        more = slice.more;
        page.after = seen.back();
    }
    EXPECT_EQ(seen, std::vector(expected.begin(), expected.end()));
    ASSERT_TRUE(run(catalog().delete_manifest(app, digest("0"), {}, bob, at(2))).has_value());
    EXPECT_EQ(referrers("team/app", digest("subject")).size(), 19U);
}

TEST_P(MetaStoreContract, WhoTakesNoMoreReferrersHearsThatMoreFollow) {
    for (auto const* content : {"a", "b", "c"}) {
        auto referrer = a_manifest(app, content);
        referrer.subject = digest("subject");
        ASSERT_TRUE(put(referrer).has_value());
    }
    int asked = 0;
    meta::ReferrerVisitor const take_one = [&](meta::ReferrerRow const&) { return ++asked < 2; };
    EXPECT_TRUE(run(catalog().referrers(app, digest("subject"), {}, {{}, 1000}, take_one)).value());
    EXPECT_EQ(asked, 2);
}
