#include "registry/upload_room.h"

#include <gtest/gtest.h>

using ocilot::registry::UploadRoom;

TEST(UploadRoom, MustBeCountedFirst) {
    UploadRoom room;
    EXPECT_FALSE(room.take("a", 10));
    room.counted("a", 8);
    EXPECT_TRUE(room.take("a", 10));
    EXPECT_FALSE(room.take("b", 10));
}

TEST(UploadRoom, IsCountedAgainWhenItMayBeFull) {
    UploadRoom room;
    room.counted("a", 8);
    EXPECT_TRUE(room.take("a", 10));
    EXPECT_TRUE(room.take("a", 10));
    EXPECT_FALSE(room.take("a", 10));
    room.counted("a", 3);
    EXPECT_TRUE(room.take("a", 10));
}

TEST(UploadRoom, ForgetsRatherThanGrows) {
    UploadRoom room;
    room.counted("a", 0);
    for (int i = 0; i < 10'000; ++i) room.counted("other" + std::to_string(i), 0);
    EXPECT_FALSE(room.take("a", 10));
}
