#include "jobs/measure_storage.h"

#include "registry/fixture.h"

using namespace ocilot;
using namespace ocilot::test;

TEST_F(RegistryTest, StorageIsMeasuredWithEachBlobOnce) {
    jobs::Round const round;
    EXPECT_EQ(run(jobs::measure_storage(meta->audit(), round, metrics)).value(), 0U);
    auto const shared = push("shared");
    push("alone!!");
    ASSERT_TRUE(run(registry::mount_blob(parts, nobody, name, repository("other"), shared)).has_value());
    EXPECT_EQ(run(jobs::measure_storage(meta->audit(), round, metrics)).value(), 2U);
    EXPECT_EQ(metrics.gauge("ocilot_blobs", "").value(), 2);
    EXPECT_EQ(metrics.gauge("ocilot_blob_bytes", "").value(), 13);
}
