#include "registry/upload_quota.h"

#include <gtest/gtest.h>

using ocilot::registry::UploadQuota;

TEST(UploadQuota, MustBeCountedFirst) {
    UploadQuota quota;
    EXPECT_FALSE(quota.take("a", 10));
    quota.counted("a", 8);
    EXPECT_TRUE(quota.take("a", 10));
    EXPECT_FALSE(quota.take("b", 10));
}

TEST(UploadQuota, IsCountedAgainWhenItMayBeFull) {
    UploadQuota quota;
    quota.counted("a", 8);
    EXPECT_TRUE(quota.take("a", 10));
    EXPECT_TRUE(quota.take("a", 10));
    EXPECT_FALSE(quota.take("a", 10));
    quota.counted("a", 3);
    EXPECT_TRUE(quota.take("a", 10));
}

TEST(UploadQuota, ForgetsRatherThanGrows) {
    UploadQuota quota;
    quota.counted("a", 0);
    for (int i = 0; i < 10'000; ++i) quota.counted("other" + std::to_string(i), 0);
    EXPECT_FALSE(quota.take("a", 10));
}
