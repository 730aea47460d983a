#include "oci/byte_range.h"

#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::oci;

namespace {

constexpr std::uint64_t size = 2048;

}  // namespace

TEST(Range, IsCutToTheContent) {
    struct Case {
        std::string_view header;
        ByteRange range;
    };
    Case const cases[] = {
        {"bytes=500-1499", {500, 1000}},
        {"bytes=500-", {500, 1548}},
        {"bytes=-500", {1548, 500}},
        {"bytes=2000-5000", {2000, 48}},
        {"bytes=0-0", {0, 1}},
        {"bytes=2047-2047", {2047, 1}},
        {"bytes=0-", {0, 2048}},
        {"bytes=-2048", {0, 2048}},
        {"bytes=-99999", {0, 2048}},
        {"bytes=-99999999999999999999", {0, 2048}},
        {"bytes=1-99999999999999999999", {1, 2047}},
        {"bytes=0-18446744073709551615", {0, 2048}},
        {"bytes=0000000000000000000000001-2", {1, 2}},
        {"BYTES=1-2", {1, 2}},
        {" bytes= 1-2\t", {1, 2}},
    };
    for (auto const& [header, range] : cases) {
        auto const answer = parse_range(header, size);
        ASSERT_TRUE(answer.has_value()) << header;
        ASSERT_TRUE(answer->has_value()) << header;
        EXPECT_EQ(**answer, range) << header;
    }
}

TEST(Range, IsRefusedIfItCannotBeSatisfied) {
    for (auto const header :
         {"bytes=500-0", "bytes=2048-", "bytes=2048-2048", "bytes=5000-10000", "bytes=-0", "bytes=-000",
          "bytes=99999999999999999999-", "bytes=18446744073709551615-18446744073709551615"}) {
        auto const answer = parse_range(header, size);
        ASSERT_TRUE(answer.has_error()) << header;
        EXPECT_EQ(answer.error().code, Errc::range_invalid);
    }
    EXPECT_TRUE(parse_range("bytes=0-", 0).has_error());
    EXPECT_TRUE(parse_range("bytes=0-0", 0).has_error());
}

TEST(Range, IsAllOfTheContentIfTheHeaderAsksForNoSingleRange) {
    std::string many = "bytes=0-0";
    for (int i = 0; i < 1000; ++i) many += ",0-";
    for (std::string const& header : {std::string(),
                                      std::string("bytes"),
                                      std::string("bytes="),
                                      std::string("bytes=-"),
                                      std::string("bytes=abc"),
                                      std::string("bytes=1"),
                                      std::string("bytes=1-x"),
                                      std::string("bytes=1-2-3"),
                                      std::string("bytes=--1"),
                                      std::string("bytes=-1-"),
                                      std::string("bytes=+1-2"),
                                      std::string("bytes=1 -2"),
                                      std::string("bytes=1.5-2"),
                                      std::string("lines=0-5"),
                                      std::string("bytes 0-5"),
                                      std::string("bytes=0-1,5-6"),
                                      std::string("bytes=0-1,"),
                                      std::string("bytes=0-\0", 9),
                                      many,
                                      "bytes=" + std::string(100'000, '-')}) {
        auto const answer = parse_range(header, size);
        ASSERT_TRUE(answer.has_value()) << header;
        EXPECT_FALSE(answer->has_value()) << header;
    }
    EXPECT_FALSE(parse_range("bytes=-5", 0).value().has_value());
}

TEST(Ranges, ComeInTheOrderAskedWithoutThoseThatCannotBeSatisfied) {
    using Ranges = std::vector<ByteRange>;
    struct Case {
        std::string_view header;
        Ranges ranges;
    };
    Case const cases[] = {
        {"bytes=0-1", {{0, 2}}},
        {"bytes=0-1,5-6", {{0, 2}, {5, 2}}},
        {"bytes=5-6,0-1", {{5, 2}, {0, 2}}},
        {"bytes= 0-1 ,\t, -3,,", {{0, 2}, {2045, 3}}},
        {"bytes=0-,0-,10-20", {{0, 2048}, {0, 2048}, {10, 11}}},
        {"bytes=2048-,5-6,-0,9-8", {{5, 2}}},
        {"bytes=0-1,5-x", {}},
        {"bytes=0-1;5-6", {}},
        {"bytes=9000-,x", {}},
        {"bytes=,,", {}},
        {"lines=0-1,2-3", {}},
    };
    for (auto const& [header, ranges] : cases) {
        auto const answer = parse_ranges(header, size);
        ASSERT_TRUE(answer.has_value()) << header;
        EXPECT_EQ(*answer, ranges) << header;
    }
}

TEST(Ranges, AreRefusedIfNoneCanBeSatisfied) {
    for (auto const header : {"bytes=2048-,5000-6000,-0", "bytes=9-8", "bytes=9000-,"}) {
        ASSERT_TRUE(parse_ranges(header, size).has_error()) << header;
        EXPECT_EQ(parse_ranges(header, size).error().code, Errc::range_invalid);
    }
}

TEST(Ranges, AreNotLookedAtBeyondTheMost) {
    std::string header = "bytes=0-0";
    for (std::size_t i = 1; i < max_ranges; ++i) header += ",1-1";
    EXPECT_EQ(parse_ranges(header, size)->size(), max_ranges);
    EXPECT_TRUE(parse_ranges(header + ",1-1", size)->empty());
    EXPECT_TRUE(parse_ranges("bytes=" + std::string(100'000, ','), size)->empty());
}

TEST(ContentRange, IsFirstAndLastPosition) {
    EXPECT_EQ(parse_content_range("0-0").value(), (ByteRange{0, 1}));
    EXPECT_EQ(parse_content_range("5-14").value(), (ByteRange{5, 10}));
    EXPECT_EQ(parse_content_range("0-18446744073709551614").value(), (ByteRange{0, 18446744073709551615U}));
}

TEST(ContentRange, MayHaveTheUnitAndTheLengthOfHttp) {
    EXPECT_EQ(parse_content_range("bytes 0-9/*").value(), (ByteRange{0, 10}));
    EXPECT_EQ(parse_content_range("bytes 0-9/10").value(), (ByteRange{0, 10}));
    EXPECT_EQ(parse_content_range("bytes 5-14").value(), (ByteRange{5, 10}));
    for (std::string const header :
         {"bytes 0-9/9", "bytes 0-9/", "bytes 0-9/x", "0-9/*", "bytes=0-9/*", "bytes */10"}) {
        EXPECT_TRUE(parse_content_range(header).has_error()) << header;
    }
}

TEST(ContentRange, IsRefusedIfMalformedOverflowingOrBackwards) {
    for (std::string const& header :
         {std::string(), std::string("-"), std::string("10"), std::string("10-"), std::string("-10"),
          std::string("10-5"), std::string("x-y"), std::string("-5--1"), std::string("10-12 "),
          std::string(" 10-12"), std::string("10-12/*"), std::string("bytes=10-12"), std::string("+1-2"),
          std::string("1-2-3"), std::string("10-99999999999999999999"), std::string("99999999999999999999-1"),
          std::string("0-18446744073709551615"), std::string("0-1\0", 4), std::string(100'000, '1')}) {
        auto const answer = parse_content_range(header);
        ASSERT_TRUE(answer.has_error()) << header;
        EXPECT_EQ(answer.error().code, Errc::size_invalid);
        EXPECT_LT(answer.error().message.size(), 200U);
    }
}
