#include "registry/fixture.h"

#include <algorithm>

using namespace ocilot;
using namespace ocilot::test;

namespace {

/// Refuses every manifest, for a reason.
class StrictGate final : public policy::OpenGate {
  public:
    bool asks(policy::Point) const noexcept override { return true; }
    Task<Result<std::optional<policy::Decision>>> authorize(policy::Caller const&,
                                                            policy::Access const&) override {
        co_return std::optional<policy::Decision>{};
    }
    Task<Result<policy::Decision>> admit_manifest(policy::ManifestPush) override {
        co_return policy::Decision::deny("releases come from CI");
    }
    Task<Result<policy::Decision>> admit_blob(policy::BlobPush) override {
        co_return Error{Errc::unavailable, "the hook did not answer"};
    }
    Task<Result<policy::Decision>> admit_delete(policy::Deletion) override {
        co_return policy::Decision::deny("kept for ever");
    }
};

/// Keeps one tag for ever.
class KeepingGate final : public policy::OpenGate {
  public:
    bool asks(policy::Point point) const noexcept override { return point == policy::Point::admit_delete; }
    Task<Result<policy::Decision>> admit_delete(policy::Deletion deletion) override {
        bool const kept = oci::to_string(deletion.reference) == "v1" ||
                          std::ranges::find(deletion.tags, "v1") != deletion.tags.end();
        co_return kept ? policy::Decision::deny("v1 is kept") : policy::Decision::allow();
    }
};

}  // namespace

class ManifestTest : public RegistryTest {};

TEST_F(ManifestTest, GivesBackTheBytesThatWerePushedByTagAndByDigest) {
    auto const bytes = image(push("cfg"), {push("one"), push("two")});
    auto const pushed = push_manifest(bytes, tag("v1"));
    ASSERT_EQ(pushed.value().fact.digest, sha256(bytes));
    for (oci::Reference const& reference : {tag("v1"), oci::Reference(sha256(bytes))}) {
        auto const pulled = run(registry::pull_manifest(parts, name, reference));
        EXPECT_EQ(*pulled.value().bytes, bytes);
        EXPECT_EQ(pulled.value().fact.media_type, oci_manifest);
    }
}

TEST_F(ManifestTest, NamesEveryMissingBlobOnceAndStoresNothing) {
    auto const bytes = image(push("cfg"), {sha256("no"), push("yes"), sha256("nope"), sha256("no")});
    auto const refused = push_manifest(bytes, tag("v1"));
    ASSERT_EQ(refused.error().code, Errc::manifest_blob_unknown);
    EXPECT_EQ(refused.error().subjects, (std::vector{sha256("no").str(), sha256("nope").str()}));
    EXPECT_FALSE(run(blobs.stat(sha256(bytes))).has_value());
    EXPECT_EQ(run(registry::stat_manifest(parts, name, tag("v1"))).error().code, Errc::manifest_unknown);
}

TEST_F(ManifestTest, MayNameWhatIsNotThereWhereTheOperatorSaysSo) {
    parts.rules.sparse = {oci::RepositoryPattern::parse("mirror/*").value()};
    auto const bytes = image(sha256("cfg"), {sha256("one"), push("two")});
    EXPECT_EQ(push_manifest(bytes, tag("v1")).error().code, Errc::manifest_blob_unknown);
    name = repository("mirror/app");
    ASSERT_TRUE(push_manifest(bytes, tag("v1")).has_value());
    EXPECT_EQ(*run(registry::pull_manifest(parts, name, tag("v1"))).value().bytes, bytes);
    EXPECT_EQ(run(registry::stat_blob(parts, name, sha256("one"))).error().code, Errc::blob_unknown);
    auto const index =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
        R"({"mediaType":")" +
        std::string(oci_manifest) + R"(","digest":")" + sha256("absent").str() + R"(","size":5}]})";
    EXPECT_TRUE(push_manifest(index, tag("all"), "application/vnd.oci.image.index.v1+json").has_value());
    name = repository("mirror/app/deeper");
    EXPECT_EQ(push_manifest(index, tag("all"), "application/vnd.oci.image.index.v1+json").error().code,
              Errc::manifest_blob_unknown);
}

TEST_F(ManifestTest, HoldsAPushByDigestToItsDigest) {
    auto const bytes = image(push("cfg"), {});
    EXPECT_EQ(push_manifest(bytes, sha256("other")).error().code, Errc::digest_invalid);
    EXPECT_EQ(push_manifest(bytes, sha512(bytes)).value().fact.digest, sha512(bytes));
    EXPECT_EQ(run(registry::stat_manifest(parts, name, sha256(bytes))).error().code, Errc::manifest_unknown);
}

TEST_F(ManifestTest, AcceptsAnIndexOfBlobsAndASubjectThatIsNotThere) {
    auto const layer = push("cache");
    auto const index =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)"
        R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":")" +
        layer.str() + R"(","size":5}],"subject":{"mediaType":")" + std::string(oci_manifest) +
        R"(","digest":")" + sha256("absent").str() + R"(","size":6}})";
    auto const pushed = push_manifest(index, tag("cache"), "application/vnd.oci.image.index.v1+json");
    ASSERT_TRUE(pushed.has_value()) << pushed.error().message;
    EXPECT_EQ(pushed.value().subject, sha256("absent"));
    std::vector<std::string> found;
    meta::ReferrerVisitor const take = [&](meta::ReferrerRow const& row) {
        found.emplace_back(row.digest);
        return true;
    };
    EXPECT_FALSE(run(registry::list_referrers(parts, name, sha256("absent"), {}, {{}, 10}, take)).value());
    EXPECT_EQ(found, std::vector{sha256(index).str()});
}

TEST_F(ManifestTest, ShowsTheReasonOfAGateAndStoresNothing) {
    auto const bytes = image(push("cfg"), {});
    StrictGate gate;
    registry::Registry strict{blobs, *meta, gate, clock, random, *sessions, manifests, {}};
    oci::Reference const v1 = tag("v1");
    auto const refused = run(registry::push_manifest(strict, {nobody, name, v1, {}, oci_manifest, bytes}));
    EXPECT_EQ(refused.error().code, Errc::denied);
    EXPECT_EQ(refused.error().message, "releases come from CI");
    EXPECT_FALSE(run(blobs.stat(sha256(bytes))).has_value());

    TextSource body("blob");
    EXPECT_TRUE(run(registry::push_blob(strict, nobody, name, {body, {}, {}}, sha256("blob"))).has_error())
        << "a gate that fails refuses";
    EXPECT_FALSE(run(blobs.stat(sha256("blob"))).has_value());
    EXPECT_EQ(run(registry::delete_blob(strict, nobody, name, sha256("cfg"))).error().code, Errc::denied);
}

TEST_F(ManifestTest, DeletesATagAloneAndADigestWithAllItsTags) {
    auto const bytes = image(push("cfg"), {});
    oci::Reference const by_digest = sha256(bytes);
    for (auto const* each : {"a", "b", "c"}) ASSERT_TRUE(push_manifest(bytes, tag(each)).has_value());
    ASSERT_TRUE(run(registry::delete_manifest(parts, nobody, name, tag("a"))).has_value());
    EXPECT_TRUE(run(registry::stat_manifest(parts, name, by_digest)).has_value());
    ASSERT_TRUE(run(registry::delete_manifest(parts, nobody, name, by_digest)).has_value());
    for (auto const* each : {"a", "b", "c"}) {
        EXPECT_EQ(run(registry::stat_manifest(parts, name, tag(each))).error().code, Errc::manifest_unknown);
    }
    EXPECT_EQ(run(registry::delete_manifest(parts, nobody, name, by_digest)).error().code,
              Errc::manifest_unknown);
}

TEST_F(ManifestTest, ATagThatMayNotGoKeepsEverythingItNeeds) {
    auto const layer = push("layer");
    auto const kept = image(push("cfg"), {layer});
    auto const gone = image(push("another"), {push("own")});
    ASSERT_TRUE(push_manifest(kept, tag("v1")).has_value());
    ASSERT_TRUE(push_manifest(kept, tag("latest")).has_value());
    ASSERT_TRUE(push_manifest(gone, tag("old")).has_value());
    KeepingGate gate;
    registry::Registry keeping{blobs, *meta, gate, clock, random, *sessions, manifests, {}};
    for (oci::Reference const& reference : {tag("v1"), oci::Reference(sha256(kept))}) {
        auto const refused = run(registry::delete_manifest(keeping, nobody, name, reference));
        EXPECT_EQ(refused.error().message, "v1 is kept");
    }
    EXPECT_EQ(run(registry::delete_blob(keeping, nobody, name, layer)).error().code, Errc::denied);
    EXPECT_TRUE(run(registry::delete_manifest(keeping, nobody, name, tag("latest"))).has_value());
    EXPECT_TRUE(run(registry::delete_blob(keeping, nobody, name, sha256("own"))).has_value());
    oci::Reference const by_digest = sha256(gone);
    EXPECT_TRUE(run(registry::delete_manifest(keeping, nobody, name, by_digest)).has_value());
    EXPECT_TRUE(run(registry::pull_manifest(parts, name, tag("v1"))).has_value());
}

TEST_F(ManifestTest, DeletesNothingWhereDeletesAreSwitchedOff) {
    auto const config = push("cfg");
    auto const bytes = image(config, {});
    ASSERT_TRUE(push_manifest(bytes, tag("a")).has_value());
    parts.rules.deletes = false;
    oci::Reference const by_digest = sha256(bytes);
    EXPECT_EQ(run(registry::delete_manifest(parts, nobody, name, tag("a"))).error().code, Errc::unsupported);
    EXPECT_EQ(run(registry::delete_manifest(parts, nobody, name, by_digest)).error().code, Errc::unsupported);
    EXPECT_EQ(run(registry::delete_blob(parts, nobody, name, config)).error().code, Errc::unsupported);
    EXPECT_TRUE(run(registry::stat_manifest(parts, name, tag("a"))).has_value());
}

TEST(ManifestCache, KeepsWhatWasUsedLast) {
    registry::ManifestCache cache(10);
    auto const text = [](char const* bytes) { return std::make_shared<std::string const>(bytes); };
    cache.add(sha256("a"), text("aaaa"));
    cache.add(sha256("b"), text("bbbb"));
    EXPECT_NE(cache.find(sha256("a")), nullptr);
    cache.add(sha256("c"), text("cccc"));
    EXPECT_NE(cache.find(sha256("a")), nullptr);
    EXPECT_EQ(cache.find(sha256("b")), nullptr);
    cache.add(sha256("d"), text("more than ten bytes"));
    EXPECT_EQ(cache.find(sha256("d")), nullptr);
}
