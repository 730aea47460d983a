#include "meta/quota_exceeded.h"
#include "meta/unknown.h"

#include <gmock/gmock.h>

using namespace ocilot;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Messages, OfQuotasAgreeWithTheirNumbers) {
    auto const app = meta::QuotaHolder::repository("team/app");
    EXPECT_THAT(
        meta::bytes_exceeded(app, 1, 1, 1).message,
        StartsWith("the quota of repository team/app is 1 byte; 1 byte is used, and 1 more was sent; "));
    EXPECT_THAT(
        meta::bytes_exceeded(app, 6, 0, 7).message,
        StartsWith("the quota of repository team/app is 6 bytes; 0 bytes are used, and 7 more were sent; "));
    EXPECT_THAT(meta::tags_exceeded(app, 1, 1).message,
                StartsWith("the quota of repository team/app is 1 tag; 1 is used; "));
    EXPECT_THAT(meta::tags_exceeded(app, 0, 2).message,
                StartsWith("the quota of repository team/app is 0 tags; 2 are used; "));
}

TEST(Messages, OfMissingContentAgreeWithItsNumber) {
    auto const app = oci::RepositoryName::parse("team/app").value();
    EXPECT_EQ(meta::content_missing(app, {"sha256:a"}).message,
              "repository team/app does not contain sha256:a, which the manifest references; push it first");
    auto const three = meta::content_missing(app, {"sha256:a", "sha256:b", "sha256:c"});
    EXPECT_THAT(three.message, HasSubstr("which the manifest references, nor 2 more; push them first"));
    EXPECT_EQ(three.subjects.size(), 3U);
}
