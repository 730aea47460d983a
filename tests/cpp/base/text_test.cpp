#include "base/hex.h"
#include "base/utf8.h"

#include <array>
#include <gtest/gtest.h>

using namespace ocilot;

TEST(Hex, ReadsLowerCaseDigitsOnly) {
    for (int c = 0; c < 256; ++c) {
        auto const at = std::string_view("0123456789abcdef").find(static_cast<char>(c));
        EXPECT_EQ(hex_value(static_cast<char>(c)), at == std::string_view::npos ? -1 : static_cast<int>(at));
    }
}

TEST(Hex, WritesTwoLowerCaseDigitsAByte) {
    std::array const bytes{std::byte{0x00}, std::byte{0x7f}, std::byte{0x80}, std::byte{0xff}};
    std::string out = "x";
    append_hex(out, bytes);
    EXPECT_EQ(out, "x007f80ff");
    append_hex(out, {});
    EXPECT_EQ(out, "x007f80ff");
}

TEST(Utf8, TakesEveryWellFormedSequence) {
    for (std::string_view const text :
         {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
          "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "h\xc3\xa9llo \xf0\x9f\x98\x80!"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
    EXPECT_EQ(utf8_sequence_length("\xf0\x9f\x98\x80x"), 4U);
    EXPECT_EQ(utf8_sequence_length("\xe2\x82\xac"), 3U);
    EXPECT_EQ(utf8_sequence_length("\xc3\xa9"), 2U);
    EXPECT_EQ(utf8_sequence_length("x"), 1U);
    EXPECT_EQ(utf8_sequence_length(""), 0U);
}

TEST(Utf8, RefusesOverlongSurrogateTooHighCutAndStrayBytes) {
    for (std::string_view const text : {"\x80",
                                        "\xbf",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xed\xbf\xbf",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xff",
                                        "\xfe",
                                        "\xc3",
                                        "\xe2\x82",
                                        "\xf0\x9f\x98",
                                        "\xc3(",
                                        "\xe2(\xa1",
                                        "\xe2\x82(",
                                        "\xf0(\x8c\xbc",
                                        "\xf0\x90\x8c("}) {
        EXPECT_EQ(utf8_sequence_length(text), 0U);
        EXPECT_FALSE(is_utf8(text));
        EXPECT_FALSE(is_utf8("ok" + std::string(text)));
    }
}
