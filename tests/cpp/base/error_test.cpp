#include "base/error.h"

#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

using namespace ocilot;

TEST(Error, HasOneNameForEachCode) {
    std::set<std::string_view> names;
    for (auto code = static_cast<int>(Errc::bad_request); code <= static_cast<int>(Errc::config); ++code) {
        auto const name = to_string(static_cast<Errc>(code));
        EXPECT_NE(name, "unknown") << code;
        EXPECT_TRUE(names.insert(name).second) << name;
    }
    EXPECT_EQ(to_string(Errc::blob_unknown), "blob_unknown");
}

TEST(Error, TellsAFullStoreAndAnOverloadFromABrokenOne) {
    EXPECT_EQ(system_error(ENOSPC, "write").code, Errc::no_space);
    EXPECT_EQ(system_error(EDQUOT, "write").code, Errc::no_space);
    EXPECT_EQ(system_error(EMFILE, "open").code, Errc::unavailable);
    EXPECT_EQ(system_error(ENFILE, "open").code, Errc::unavailable);
    EXPECT_EQ(system_error(EIO, "read").code, Errc::io);
    EXPECT_EQ(system_error(EACCES, "open").code, Errc::io);
    EXPECT_EQ(system_error(EACCES, "cannot open /data").message, "cannot open /data: Permission denied");
    EXPECT_EQ(system_error(EROFS, "cannot write").message,
              "cannot write: Read-only file system; mount the file system writable");
}
