#include "jobs/scrub.h"

#include "registry/fixture.h"

#include <algorithm>

using namespace ocilot;
using namespace ocilot::test;

namespace {

class ScrubTest : public RegistryTest {
  protected:
    std::size_t scrub() {
        jobs::Round const round;
        jobs::ScrubRules const rules{.rate = 0, .save_position_every = std::chrono::seconds(60)};
        return run(jobs::scrub(parts, blobs, rules, round, log, metrics)).value();
    }
    void rot(oci::Digest const& digest) {
        ASSERT_TRUE(run(blobs.remove(digest)).has_value());
        ASSERT_TRUE(run(blobs.put(digest, std::as_bytes(std::span(std::string_view("rotten"))))).has_value());
    }
    std::uint64_t looked_at() {
        return metrics.counter("ocilot_scrub_blobs_total", "", {{"outcome", "ok"}}).value();
    }
    std::uint64_t quarantined() { return run(meta->scrub().quarantined()).value(); }
    Result<meta::BlobFact> stat(oci::Digest const& digest) {
        return run(registry::stat_blob(parts, name, digest));
    }
};

}  // namespace

TEST_F(ScrubTest, LeavesWhatIsWellAlone) {
    auto const digest = push("layer");
    EXPECT_EQ(scrub(), 0U);
    EXPECT_EQ(looked_at(), 1U);
    EXPECT_EQ(metrics.counter("ocilot_scrub_bytes_total", "").value(), 5U);
    EXPECT_TRUE(stat(digest).has_value());
}

TEST_F(ScrubTest, ARottenBlobIsUnknownUntilItIsPushedAgain) {
    auto const digest = push("layer");
    auto const config = push("{}");
    rot(digest);
    EXPECT_EQ(scrub(), 1U);
    EXPECT_EQ(quarantined(), 1U);
    EXPECT_NE(sink.text().find(digest.str()), std::string::npos);
    EXPECT_EQ(stat(digest).error().code, Errc::blob_unknown);
    EXPECT_EQ(run(registry::pull_blob(parts, name, digest)).error().code, Errc::blob_unknown);
    EXPECT_EQ(run(registry::mount_blob(parts, nobody, name, repository("b"), digest)).error().code,
              Errc::blob_unknown);
    EXPECT_EQ(push_manifest(image(config, {digest}), tag("v1")).error().code, Errc::manifest_blob_unknown);
    push("layer");
    EXPECT_EQ(quarantined(), 0U);
    EXPECT_EQ(run(registry::pull_blob(parts, name, digest)).value()->size(), 5U);
    EXPECT_TRUE(push_manifest(image(config, {digest}), tag("v1")).has_value());
    EXPECT_EQ(scrub(), 0U);
}

TEST_F(ScrubTest, ARottenManifestIsUnknownUntilItIsPushedAgain) {
    auto const text = image(push("{}"), {});
    ASSERT_TRUE(push_manifest(text, tag("v1")).has_value());
    rot(sha256(text));
    EXPECT_EQ(run(registry::pull_manifest(parts, name, tag("v1"))).error().code, Errc::io)
        << "damaged bytes are never served as a manifest";
    EXPECT_EQ(scrub(), 1U);
    EXPECT_EQ(run(registry::stat_manifest(parts, name, tag("v1"))).error().code, Errc::manifest_unknown);
    EXPECT_EQ(run(registry::pull_manifest(parts, name, sha256(text))).error().code, Errc::manifest_unknown);
    ASSERT_TRUE(push_manifest(text, tag("v2")).has_value());
    EXPECT_EQ(*run(registry::pull_manifest(parts, name, tag("v1"))).value().bytes, text);
}

TEST_F(ScrubTest, WhatIsQuarantinedCanBeDeleted) {
    auto const digest = push("layer");
    rot(digest);
    EXPECT_EQ(scrub(), 1U);
    EXPECT_TRUE(run(registry::delete_blob(parts, nobody, name, digest)).has_value());
}

TEST_F(ScrubTest, GoesOnWhereItStopped) {
    std::vector<oci::Digest> digests{push("a"), push("b"), push("c")};
    std::ranges::sort(digests);
    ASSERT_TRUE(run(meta->scrub().save_position({digests[1], clock.now()})).has_value());
    EXPECT_EQ(scrub(), 0U);
    EXPECT_EQ(looked_at(), 1U) << "only what comes after the place";
    EXPECT_FALSE(run(meta->scrub().position()).value()->after.has_value()) << "the round is over";
    scrub();
    EXPECT_EQ(looked_at(), 4U);
}

TEST_F(ScrubTest, ARestartKeepsTheTimeOfTheNextRound) {
    auto const hour = std::chrono::hours(1);
    EXPECT_EQ(run(jobs::scrub_due_in(parts, hour)).value(), 0U) << "there never was one";
    scrub();
    EXPECT_EQ(run(jobs::scrub_due_in(parts, hour)).value(), 3600U);
    clock.advance(std::chrono::minutes(50));
    EXPECT_EQ(run(jobs::scrub_due_in(parts, hour)).value(), 600U);
    clock.advance(hour);
    EXPECT_EQ(run(jobs::scrub_due_in(parts, hour)).value(), 0U);
    ASSERT_TRUE(run(meta->scrub().save_position({sha256("x"), clock.now()})).has_value());
    EXPECT_EQ(run(jobs::scrub_due_in(parts, hour)).value(), 0U) << "a round was interrupted";
}
