#include "registry/unreadable.h"

#include "blob/filesystem/store.h"
#include "blob/test_disk.h"
#include "jobs/scrub.h"
#include "registry/fixture.h"

#include <filesystem>
#include <utility>

using namespace ocilot;
using namespace ocilot::test;

namespace {

/// A registry over real files, on a disk that does not read some of them.
class UnreadableTest : public RegistryTest {
  protected:
    UnreadableTest() {
        disk->before = [this](std::string const& line) {
            bool const bad = !broken.empty() && line.find(broken) != line.npos;
            disk->failures["read"] = bad ? -EIO : 0;
        };
    }
    oci::Digest push_to(registry::Registry& into, std::string_view text) {
        TextSource body(text);
        auto const digest = sha256(text);
        EXPECT_TRUE(run(registry::push_blob(into, nobody, name, {body, {}, {}}, digest)).has_value());
        return digest;
    }
    std::filesystem::path file_of(oci::Digest const& digest) const {
        return dir.path / "docker/registry/v2/blobs/sha256" / digest.hex().substr(0, 2) / digest.hex() /
               "data";
    }
    Errc pull(oci::Digest const& digest) {
        auto const blob = run(registry::pull_blob(on_disk, name, digest));
        return blob.has_error() ? blob.error().code : Errc{};
    }
    bool exists(oci::Digest const& digest) {
        return run(registry::stat_blob(on_disk, name, digest)).has_value();
    }
    std::size_t scrub() {
        jobs::Round const round;
        jobs::ScrubRules const rules{.rate = 0, .save_position_every = std::chrono::seconds(60)};
        return run(jobs::scrub(on_disk, *store, rules, round, log, metrics)).value();
    }
    std::uint64_t found() { return metrics.counter("ocilot_unreadable_blobs_total", "").value(); }

    TempDir dir;
    BlockingPool pool{1};
    TestDisk* disk = new TestDisk(dir.path);
    std::unique_ptr<blob::FilesystemStore> store =
        blob::FilesystemStore::open(dir.path, pool, random, std::unique_ptr<TestDisk>(disk)).value();
    registry::UnreadableBlobs unreadable{log, metrics};
    registry::Registry on_disk{*store,    *meta,     open_gate, clock,      random,
                               *sessions, manifests, rules,     &unreadable};
    std::string broken;  ///< part of the path of files that the disk does not read
};

}  // namespace

TEST_F(UnreadableTest, ATruncatedBlobIsNotServedAndUnknownUntilItIsPushedAgain) {
    auto const digest = push_to(on_disk, "layer");
    std::filesystem::resize_file(file_of(digest), 2);
    EXPECT_TRUE(exists(digest));
    EXPECT_EQ(pull(digest), Errc::io);
    EXPECT_FALSE(exists(digest));
    EXPECT_EQ(pull(digest), Errc::blob_unknown);
    EXPECT_EQ(found(), 1U);
    EXPECT_NE(sink.text().find("2 bytes instead of 5"), std::string::npos) << sink.text();
    push_to(on_disk, "layer");
    EXPECT_TRUE(exists(digest));
    EXPECT_EQ(run(registry::pull_blob(on_disk, name, digest)).value()->size(), 5U);
}

TEST_F(UnreadableTest, ABlobThatGrewOrIsGoneIsUnknownUntilItIsPushedAgain) {
    auto const grown = push_to(on_disk, "grown");
    auto const gone = push_to(on_disk, "gone");
    std::filesystem::resize_file(file_of(grown), 9);
    std::filesystem::remove(file_of(gone));
    EXPECT_EQ(pull(grown), Errc::io);
    EXPECT_EQ(pull(gone), Errc::blob_unknown);
    for (auto const& digest : {grown, gone}) EXPECT_FALSE(exists(digest));
    push_to(on_disk, "grown");
    push_to(on_disk, "gone");
    for (auto const& digest : {grown, gone}) EXPECT_EQ(pull(digest), Errc{});
}

TEST_F(UnreadableTest, ABlobThatTheDiskDoesNotReadIsUnknownAfterTheReadThatFailed) {
    auto const digest = push_to(on_disk, "layer");
    broken = digest.hex();
    EXPECT_EQ(pull(digest), Errc{}) << "it opens";
    EXPECT_TRUE(run(registry::quarantine_if_unreadable(on_disk, {digest, 5, 0})));
    EXPECT_FALSE(exists(digest));
    broken.clear();
    push_to(on_disk, "layer");
    EXPECT_EQ(pull(digest), Errc{});
}

TEST_F(UnreadableTest, AReadThatFailedOnceHidesNothing) {
    auto const digest = push_to(on_disk, "layer");
    EXPECT_FALSE(run(registry::quarantine_if_unreadable(on_disk, {digest, 5, 0})));
    EXPECT_TRUE(exists(digest));
    EXPECT_EQ(found(), 0U);
}

TEST_F(UnreadableTest, ADiskThatFailsAsAWholeHidesNothing) {
    auto const digest = push_to(on_disk, "layer");
    disk->before = [this](std::string const&) { disk->failures["read"] = -EIO; };
    EXPECT_FALSE(run(registry::quarantine_if_unreadable(on_disk, {digest, 5, 0})));
    EXPECT_TRUE(exists(digest));
    jobs::Round const round;
    jobs::ScrubRules const rules{.rate = 0, .save_position_every = std::chrono::seconds(60)};
    EXPECT_EQ(run(jobs::scrub(on_disk, *store, rules, round, log, metrics)).error().code, Errc::io);
    EXPECT_TRUE(exists(digest));
}

TEST_F(UnreadableTest, APushThatIsUnderWayKeepsTheBlobKnown) {
    auto const digest = push_to(on_disk, "layer");
    std::filesystem::resize_file(file_of(digest), 2);
    auto const push = run(sessions->pushes().begin(digest));
    EXPECT_EQ(pull(digest), Errc::io);
    EXPECT_TRUE(exists(digest));
}

TEST_F(UnreadableTest, OneExaminationOfABlobAtATime) {
    auto const digest = push_to(on_disk, "layer");
    std::filesystem::resize_file(file_of(digest), 2);
    auto const look = sessions->pushes().inspect(digest);
    EXPECT_EQ(sessions->pushes().inspect(digest), nullptr);
    EXPECT_EQ(pull(digest), Errc::io);
    EXPECT_TRUE(exists(digest));
    EXPECT_EQ(scrub(), 0U);
}

TEST_F(UnreadableTest, AManifestWhoseBytesAreDamagedIsUnknownUntilItIsPushedAgain) {
    auto const text = image(push_to(on_disk, "{}"), {});
    auto const put = [&] {
        return run(registry::push_manifest(on_disk, {nobody, name, tag("v1"), {}, oci_manifest, text}));
    };
    ASSERT_TRUE(put().has_value());
    std::filesystem::resize_file(file_of(sha256(text)), 7);
    EXPECT_EQ(run(registry::pull_manifest(on_disk, name, tag("v1"))).error().code, Errc::io);
    EXPECT_EQ(run(registry::stat_manifest(on_disk, name, tag("v1"))).error().code, Errc::manifest_unknown);
    ASSERT_TRUE(put().has_value());
    EXPECT_EQ(*run(registry::pull_manifest(on_disk, name, tag("v1"))).value().bytes, text);
}

TEST_F(UnreadableTest, TheScrubQuarantinesWhatTheDiskDoesNotRead) {
    auto const digest = push_to(on_disk, "layer");
    auto const well = push_to(on_disk, "well");
    broken = digest.hex();
    EXPECT_EQ(scrub(), 1U);
    EXPECT_FALSE(exists(digest));
    EXPECT_TRUE(exists(well));
    EXPECT_TRUE(std::filesystem::exists(dir.path / "ocilot/quarantine/sha256" / digest.hex()));
    broken.clear();
    push_to(on_disk, "layer");
    EXPECT_EQ(pull(digest), Errc{});
}

TEST_F(UnreadableTest, TheScrubServesAgainWhatHasTheRightBytes) {
    auto const digest = push_to(on_disk, "layer");
    ASSERT_TRUE(run(meta->scrub().quarantine(digest, clock.now())).has_value());
    EXPECT_FALSE(exists(digest));
    EXPECT_EQ(scrub(), 0U);
    EXPECT_TRUE(exists(digest));
}
