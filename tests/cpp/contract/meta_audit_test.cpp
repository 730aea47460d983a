#include "contract/meta_store_fixture.h"

#include <algorithm>
#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

namespace {

/// All items of a walk in pages of two.
template <class T>
std::vector<T> all(meta::Audit& audit,
                   Task<Result<meta::AuditPage<T>>> (meta::Audit::*walk)(std::string, std::size_t)) {
    std::vector<T> found;
    std::string from;
    do {
        auto page = run((audit.*walk)(from, 2)).value();
        EXPECT_LE(page.items.size(), 2U);
        for (auto& item : page.items) found.push_back(std::move(item));
        from = std::move(page.next);
    } while (!from.empty());
    return found;
}

}  // namespace

TEST_P(MetaStoreContract, AnAuditSeesEveryLinkByDigest) {
    auto& audit = store->audit();
    EXPECT_THAT(all(audit, &meta::Audit::links), IsEmpty());
    for (auto const* name : {"b", "a", "c"}) {
        link(repo(name), "shared");
        link(repo(name), name);
    }
    auto const links = all(audit, &meta::Audit::links);
    ASSERT_EQ(links.size(), 6U);
    EXPECT_TRUE(std::ranges::is_sorted(links, {}, &meta::LinkRecord::digest));
    std::vector<std::string> shared;
    for (auto const& one : links) {
        EXPECT_FALSE(one.quarantined);
        if (one.digest == digest("shared").str()) shared.push_back(one.repository);
    }
    EXPECT_THAT(shared, UnorderedElementsAre("a", "b", "c"));
}

TEST_P(MetaStoreContract, AnAuditSeesManifestsTagsAndSessions) {
    auto& audit = store->audit();
    auto manifest = a_manifest(app, "m", {tag("v1"), tag("v2"), tag("v3")});
    manifest.blobs = {digest("x"), digest("y")};
    manifest.manifests = {digest("z")};
    manifest.subject = digest("s");
    ASSERT_TRUE(put(manifest).has_value());
    ASSERT_TRUE(put(a_manifest(repo("b"), "n")).has_value());
    ASSERT_TRUE(put(a_manifest(repo("c"), "n")).has_value());
    auto const manifests = all(audit, &meta::Audit::manifests);
    ASSERT_EQ(manifests.size(), 3U);
    EXPECT_EQ(manifests[0].repository, "team/app");
    EXPECT_EQ(manifests[0].digest, digest("m").str());
    EXPECT_EQ(manifests[0].media_type, image_type);
    EXPECT_EQ(manifests[0].size, 1U);
    EXPECT_EQ(manifests[0].subject, digest("s").str());
    EXPECT_THAT(manifests[0].edges, UnorderedElementsAre(meta::EdgeRecord{"blob", digest("x").str()},
                                                         meta::EdgeRecord{"blob", digest("y").str()},
                                                         meta::EdgeRecord{"manifest", digest("z").str()}));
    EXPECT_THAT(manifests[1].edges, IsEmpty());
    auto const tags = all(audit, &meta::Audit::tags);
    ASSERT_EQ(tags.size(), 3U);
    EXPECT_EQ(tags[2].name, "v3");
    EXPECT_EQ(tags[2].digest, digest("m").str());
    EXPECT_TRUE(tags[2].manifest_known);
    SystemRandom random;
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(
            run(uploads().open({Uuid::random(random), app, oci::Algorithm::sha256, "", at(1)})).has_value());
    }
    EXPECT_EQ(all(audit, &meta::Audit::sessions).size(), 5U);
    EXPECT_THAT(run(audit.damage()).value(), IsEmpty());
}

TEST_P(MetaStoreContract, AnAuditKnowsWhoNamesADigestAndWithWhichSizes) {
    auto& audit = store->audit();
    EXPECT_EQ(run(audit.usage(digest("m"))).value().times, 0U);
    ASSERT_TRUE(put(a_manifest(app, "m")).has_value());
    ASSERT_TRUE(run(links().link_blob(app, {digest("m"), 7}, {}, bob, at(1))).has_value());
    auto const usage = run(audit.usage(digest("m"))).value();
    EXPECT_EQ(usage.times, 2U);
    EXPECT_EQ(usage.min_size, 1U);
    EXPECT_EQ(usage.max_size, 7U);
}

TEST_P(MetaStoreContract, WhatIsQuarantinedIsUnknownUntilItIsBroughtAgain) {
    auto& scrub = store->scrub();
    link(app, "layer");
    ASSERT_TRUE(put(a_manifest(app, "m", {tag("v1")})).has_value());
    for (auto const* content : {"layer", "m", "m"}) {
        ASSERT_TRUE(run(scrub.quarantine(digest(content), at(5))).has_value());
    }
    EXPECT_EQ(run(scrub.quarantined()).value(), 2U);
    EXPECT_EQ(run(links().blob(app, digest("layer"))).error().code, Errc::blob_unknown);
    EXPECT_EQ(run(links().mount_blob(app, repo("b"), digest("layer"), bob, at(6))).error().code,
              Errc::blob_unknown);
    EXPECT_EQ(run(catalog().manifest(app, digest("m"))).error().code, Errc::manifest_unknown);
    EXPECT_EQ(run(catalog().resolve(app, tag("v1"))).error().code, Errc::manifest_unknown);
    auto index = a_manifest(app, "index");
    index.required_blobs = {digest("layer")};
    index.required_manifests = {digest("m")};
    EXPECT_THAT(put(index).error().subjects, ElementsAre(digest("layer").str(), digest("m").str()));
    EXPECT_TRUE(all(store->audit(), &meta::Audit::links)[0].quarantined);
    EXPECT_TRUE(all(store->audit(), &meta::Audit::manifests)[0].quarantined);
    link(repo("other"), "layer");
    ASSERT_TRUE(put(a_manifest(repo("other"), "m")).has_value());
    EXPECT_EQ(run(scrub.quarantined()).value(), 0U);
    EXPECT_TRUE(run(links().blob(app, digest("layer"))).has_value()) << "the bytes are everybody's";
    EXPECT_TRUE(run(catalog().resolve(app, tag("v1"))).has_value());
    EXPECT_TRUE(put(index).has_value());
}

TEST_P(MetaStoreContract, AQuarantineCanBeReleasedAndWhatIsInItRemoved) {
    auto& scrub = store->scrub();
    link(app, "layer");
    ASSERT_TRUE(run(scrub.quarantine(digest("layer"), at(5))).has_value());
    ASSERT_TRUE(run(scrub.release(digest("layer"))).has_value());
    ASSERT_TRUE(run(scrub.release(digest("layer"))).has_value());
    EXPECT_TRUE(run(links().blob(app, digest("layer"))).has_value());
    ASSERT_TRUE(run(scrub.quarantine(digest("layer"), at(5))).has_value());
    EXPECT_TRUE(run(links().unlink_blob(app, digest("layer"), {}, bob, at(2))).has_value());
}

TEST_P(MetaStoreContract, TheScrubFindsItsPlaceAgain) {
    auto& scrub = store->scrub();
    EXPECT_FALSE(run(scrub.position()).value().has_value());
    ASSERT_TRUE(run(scrub.save_position({digest("x"), at(3)})).has_value());
    EXPECT_EQ(run(scrub.position()).value()->after, digest("x"));
    ASSERT_TRUE(run(scrub.save_position({std::nullopt, at(4)})).has_value());
    auto const kept = run(scrub.position()).value();
    EXPECT_FALSE(kept->after.has_value());
    EXPECT_EQ(kept->noted_at, at(4));
}
