#include "base/read_file.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string_view>

namespace ocilot {

namespace {

using testing::HasSubstr;

/// A file that is there as long as the test.
class ReadFile : public testing::Test {
  protected:
    ~ReadFile() override { std::filesystem::remove(path_); }

    Result<std::string> read(std::string_view text, std::size_t most = 100) {
        std::ofstream(path_, std::ios::binary) << text;
        return read_file(path_, most);
    }

    std::string path_ =
        testing::TempDir() + "read_file_" + testing::UnitTest::GetInstance()->current_test_info()->name();
};

}  // namespace

TEST_F(ReadFile, IsTheTextWithoutAByteOrderMark) {
    EXPECT_EQ(*read(""), "");
    EXPECT_EQ(*read("a\n"), "a\n");
    EXPECT_EQ(*read("\xEF\xBB\xBF"
                    "a\n"),
              "a\n");
    EXPECT_EQ(*read("\xEF\xBB\xBF"), "");
    EXPECT_EQ(*read("\xEF\xBB"), "\xEF\xBB");
    EXPECT_EQ(*read("a\xEF\xBB\xBF"), "a\xEF\xBB\xBF");
}

TEST_F(ReadFile, RefusesUtf16ByName) {
    for (std::string_view const text : {std::string_view("\xFF\xFE"
                                                         "a\0",
                                                         4),
                                        std::string_view("\xFE\xFF\0a", 4)}) {
        EXPECT_THAT(read(text).error().message,
                    HasSubstr(path_ + ": UTF-16 is not supported; save it as UTF-8"));
    }
}

TEST_F(ReadFile, RefusesWhatIsTooLargeOrCannotBeRead) {
    EXPECT_EQ(read("abc", 3).value(), "abc");
    EXPECT_THAT(read("abcd", 3).error().message, HasSubstr("larger than 3 bytes"));
    EXPECT_THAT(read_file("/dev/zero", 100).error().message, HasSubstr("larger than 100 bytes"));
    EXPECT_THAT(read_file("/nonexistent", 100).error().message, HasSubstr("No such file or directory"));
    EXPECT_THAT(read_file(testing::TempDir(), 100).error().message, HasSubstr("Is a directory"));
    EXPECT_EQ(text_of_file("/nonexistent", 100).error().message, "No such file or directory");
}

}  // namespace ocilot
