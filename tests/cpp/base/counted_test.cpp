#include "base/counted.h"

#include <gtest/gtest.h>
#include <limits>

using namespace ocilot;

TEST(Counted, OneThingIsSingularAndAnyOtherNumberPlural) {
    EXPECT_EQ(counted(1, "change", "changes"), "1 change");
    EXPECT_EQ(counted(0, "change", "changes"), "0 changes");
    EXPECT_EQ(counted(2, "change", "changes"), "2 changes");
    EXPECT_EQ(counted(1, "repository", "repositories"), "1 repository");
    EXPECT_EQ(counted(11, "repository", "repositories"), "11 repositories");
}

TEST(Counted, NumbersHaveNoSeparatorsAndNoLimit) {
    EXPECT_EQ(counted(1'000'000, "tag", "tags"), "1000000 tags");
    EXPECT_EQ(counted(std::numeric_limits<std::uint64_t>::max(), "tag", "tags"), "18446744073709551615 tags");
}

TEST(Counted, BytesAreCountedAlike) {
    EXPECT_EQ(counted_bytes(0), "0 bytes");
    EXPECT_EQ(counted_bytes(1), "1 byte");
    EXPECT_EQ(counted_bytes(4096), "4096 bytes");
}

TEST(Counted, VerbsAgree) {
    static_assert(agreeing(1, "is", "are") == "is");
    EXPECT_EQ(agreeing(0, "is", "are"), "are");
    EXPECT_EQ(agreeing(2, "was", "were"), "were");
}
