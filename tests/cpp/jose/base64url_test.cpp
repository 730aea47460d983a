#include "jose/base64url.h"

#include <gtest/gtest.h>

using namespace ocilot::jose;

TEST(Base64Url, WritesAndReadsTheVectorsOfTheRfcs) {
    struct Case {
        std::string bytes;
        std::string url;
        std::string plain;
    };
    Case const cases[] = {
        {"", "", ""},
        {"f", "Zg", "Zg=="},
        {"fo", "Zm8", "Zm8="},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg", "Zm9vYg=="},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\x03\xec\xff\xe0\xc1", "A-z_4ME", "A+z/4ME="},  // RFC 7515, appendix C
    };
    for (auto const& [bytes, url, plain] : cases) {
        EXPECT_EQ(to_base64url(bytes), url);
        EXPECT_EQ(from_base64url(url), bytes);
        EXPECT_EQ(to_base64(bytes), plain);
        EXPECT_EQ(from_base64(plain), bytes);
    }
}

TEST(Base64Url, TakesNothingThatCouldAlsoBeWrittenDifferently) {
    for (std::string const text :
         {"Zg==", "Zm8=", "Zh", "Zm9", "Z", "Zm9vY", "Zm 8", "Zm8\n", "Zm+v", "Zm/v", "Zm.v", "\xc3\xa4"}) {
        EXPECT_EQ(from_base64url(text), std::nullopt) << text;
    }
    EXPECT_EQ(from_base64url(std::string("Zg\0\0", 4)), std::nullopt);
    for (std::string const text :
         {"Zg", "Zg=", "Zh==", "Zm9=", "Zm8", "====", "Z===", "Zg==Zg==", "Zm-v", "Zm_v", "Zm9v\n", "=Zm9"}) {
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
    }
}

TEST(Base64Url, KeepsEveryByte) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        auto const part = bytes.substr(bytes.size() - size);
        EXPECT_EQ(from_base64url(to_base64url(part)), part);
        EXPECT_EQ(from_base64(to_base64(part)), part);
    }
}
