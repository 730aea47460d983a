#include "jobs/fsck.h"

#include "registry/fixture.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

class Notes final : public jobs::FsckWatcher {
  public:
    void found(jobs::Problem const& problem) override {
        told.push_back(std::string(jobs::to_string(problem.finding)) + " " + problem.subject);
    }
    bool should_continue() override { return looks-- > 0; }

    std::vector<std::string> told;
    int looks = 1000;
};

class FsckTest : public RegistryTest {
  protected:
    std::vector<std::string> fsck(bool hash = true) {
        Notes notes;
        counts = run(jobs::fsck(blobs, meta->audit(), hash, notes)).value();
        return notes.told;
    }
    std::string push_an_image() {
        auto const text = image(push("{}"), {push("layer")});
        EXPECT_TRUE(push_manifest(text, tag("v1")).has_value());
        return text;
    }
    void replace(oci::Digest const& digest, std::string_view with) {
        ASSERT_TRUE(run(blobs.remove(digest)).has_value());
        ASSERT_TRUE(run(blobs.put(digest, std::as_bytes(std::span(with)))).has_value());
    }

    jobs::FsckCounts counts;
};

}  // namespace

TEST_F(FsckTest, FindsNothingInARegistryThatIsWell) {
    push_an_image();
    ASSERT_TRUE(append(start(), "bytes").has_value());
    EXPECT_THAT(fsck(), IsEmpty());
    EXPECT_EQ(counts.blobs, 3U);
    EXPECT_EQ(counts.links, 2U);
    EXPECT_EQ(counts.manifests, 1U);
    EXPECT_EQ(counts.tags, 1U);
    EXPECT_EQ(counts.uploads, 1U);
    EXPECT_EQ(counts.errors, 0U);
    EXPECT_GT(counts.bytes, 0U);
}

TEST_F(FsckTest, NamesABlobWhoseBytesAreNotThoseOfItsName) {
    push_an_image();
    replace(sha256("layer"), "LAYER");
    EXPECT_THAT(fsck(), ElementsAre("wrong_digest " + sha256("layer").str()));
    EXPECT_EQ(counts.errors, 1U);
    EXPECT_THAT(fsck(false), IsEmpty()) << "without hashing nothing is read";
    EXPECT_EQ(counts.bytes, 0U);
}

TEST_F(FsckTest, NamesABlobOfAWrongSizeWithoutReadingIt) {
    push_an_image();
    replace(sha256("layer"), "lay");
    EXPECT_THAT(fsck(false), ElementsAre("wrong_size " + sha256("layer").str()));
}

TEST_F(FsckTest, NamesALinkAndAManifestWithoutBytes) {
    auto const text = push_an_image();
    ASSERT_TRUE(run(blobs.remove(sha256("layer"))).has_value());
    ASSERT_TRUE(run(blobs.remove(sha256(text))).has_value());
    EXPECT_THAT(fsck(),
                ElementsAre("missing_bytes " + sha256("layer").str(), "missing_bytes " + sha256(text).str()));
}

TEST_F(FsckTest, NamesAManifestThatIsNoneAndOneThatNamesOtherThings) {
    auto const text = push_an_image();
    replace(sha256(text), std::string(text.size(), ' '));
    EXPECT_THAT(fsck(false), ElementsAre("bad_manifest " + sha256(text).str()));
    auto other = text;
    other.replace(other.find(sha256("layer").hex()), 64, sha256("other").hex());
    replace(sha256(text), other);
    EXPECT_THAT(fsck(false), ElementsAre("wrong_edges " + sha256(text).str()));
}

TEST_F(FsckTest, TellsOfBytesThatNobodyNamesWithoutCallingThemWrong) {
    ASSERT_TRUE(
        run(blobs.put(sha256("left"), std::as_bytes(std::span(std::string_view("left"))))).has_value());
    auto const id = Uuid::random(random);
    ASSERT_TRUE(run(blobs.create(id, oci::Algorithm::sha256)).has_value());
    auto const session = start();
    ASSERT_TRUE(append(session, "bytes").has_value());
    ASSERT_TRUE(run(blobs.discard(session)).has_value());
    EXPECT_THAT(fsck(),
                ElementsAre("orphan " + sha256("left").str(), "session_without_bytes " + session.str(),
                            "upload_without_session " + id.str()));
    EXPECT_EQ(counts.errors, 0U);
    EXPECT_EQ(counts.notes, 3U);
}

TEST_F(FsckTest, EndsWhenItsWatcherWantsNoMore) {
    push_an_image();
    Notes notes;
    notes.looks = 1;
    EXPECT_EQ(run(jobs::fsck(blobs, meta->audit(), true, notes)).error().code, Errc::cancelled);
}
