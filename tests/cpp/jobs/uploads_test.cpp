#include "jobs/uploads.h"

#include "registry/fixture.h"

using namespace ocilot;
using namespace ocilot::test;

class UploadJobsTest : public RegistryTest {};

TEST_F(UploadJobsTest, EndsSessionsOverTheAgeAndNoOthers) {
    auto const old = start();
    ASSERT_TRUE(append(old, "bytes").has_value());
    auto const busy = start();
    auto const held = run(registry::hold_session(parts, ref(busy), registry::IfHeld::refuse));
    clock.advance(std::chrono::hours(2));
    auto const young = start();
    EXPECT_EQ(run(jobs::expire_uploads(parts, std::chrono::hours(1))).value(), 1U);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(old))).error().code, Errc::upload_unknown);
    EXPECT_TRUE(run(registry::upload_offset(parts, ref(young))).has_value());
    EXPECT_TRUE(run(registry::upload_offset(parts, ref(busy))).has_value());
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
}

TEST_F(UploadJobsTest, EndsSessionsThatNeverGotAByte) {
    auto const old = start();
    clock.advance(std::chrono::hours(2));
    EXPECT_EQ(run(jobs::expire_uploads(parts, std::chrono::hours(1))).value(), 1U);
    EXPECT_EQ(run(registry::upload_offset(parts, ref(old))).error().code, Errc::upload_unknown);
    EXPECT_EQ(sessions->size(), 0U);
}

TEST_F(UploadJobsTest, EndsSessionsOfAnEarlierProcess) {
    ASSERT_TRUE(append(start(), "bytes").has_value());
    forget_memory();
    clock.advance(std::chrono::hours(2));
    EXPECT_EQ(run(jobs::expire_uploads(parts, std::chrono::hours(1))).value(), 1U);
    EXPECT_TRUE(run(blobs.uploads()).value().empty());
}

TEST_F(UploadJobsTest, SweepsBytesThatNoSessionKnows) {
    auto const kept = start();
    ASSERT_TRUE(append(kept, "bytes").has_value());
    ASSERT_TRUE(run(blobs.create(Uuid::random(random), oci::Algorithm::sha256)).has_value());
    ASSERT_EQ(run(blobs.uploads()).value().size(), 2U);
    EXPECT_EQ(run(jobs::sweep_orphaned_uploads(parts)).value(), 1U);
    EXPECT_EQ(run(blobs.uploads()).value(), std::vector{kept});
}
