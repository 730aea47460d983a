#include "oci/digest.h"

#include "oci/hasher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unordered_set>

using namespace ocilot;
using namespace ocilot::oci;
using testing::HasSubstr;

namespace {

std::string const hex64 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
std::string const empty256 = "sha256:" + hex64;
std::string const abc512 =
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

std::string upper(std::string text) {
    for (char& c : text) {
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

}  // namespace

TEST(Digest, ReadsAndWritesBothAlgorithms) {
    auto const small = Digest::parse(empty256).value();
    EXPECT_EQ(small.algorithm(), Algorithm::sha256);
    EXPECT_EQ(small.bytes().size(), 32U);
    EXPECT_EQ(small.hex(), hex64);
    EXPECT_EQ(small.str(), empty256);
    auto const large = Digest::parse(abc512).value();
    EXPECT_EQ(large.algorithm(), Algorithm::sha512);
    EXPECT_EQ(large.bytes().size(), 64U);
    EXPECT_EQ(large.str(), abc512);
    EXPECT_EQ(Digest(large.algorithm(), large.bytes()), large);
}

TEST(Digest, SaysWhyATextIsNone) {
    struct Case {
        std::string text;
        std::string reason;
    };
    std::string const cut = hex64.substr(1);
    Case const cases[] = {
        {"", "expected sha256:"},
        {hex64, "expected sha256:"},
        {"md5:d41d8cd98f00b204e9800998ecf8427e", "unsupported digest algorithm \"md5\""},
        {"SHA256:" + hex64, "unsupported digest algorithm \"SHA256\""},
        {"sha256 :" + hex64, "unsupported digest algorithm"},
        {":" + hex64, "unsupported digest algorithm \"\""},
        {"sha256:", "64 hexadecimal"},
        {"sha256:baddigeststring", "64 hexadecimal"},
        {"sha256:" + cut, "the hash has 63 characters"},
        {"sha256:" + hex64 + "0", "the hash has 65 characters"},
        {"sha256:" + hex64 + hex64, "the hash has 128 characters"},
        {"sha512:" + hex64, "128 hexadecimal"},
        {"sha256:" + upper(hex64), "lower case"},
        {"sha256:E" + cut, "lower case"},
        {"sha256:g" + cut, "0-9 and a-f only"},
        {"sha256:G" + cut, "0-9 and a-f only"},
        {"sha256:\x80" + cut, "0-9 and a-f only"},
        {std::string("sha256:\0", 8) + cut, "0-9 and a-f only"},
        {"sha256:/" + cut, "0-9 and a-f only"},
        {"sha256::" + cut, "0-9 and a-f only"},
        {"sha256:../../../../etc/passwd", "64 hexadecimal"},
        {"sha256:" + std::string(100'000, 'a'), "64 hexadecimal"},
        {std::string(100'000, 'a') + ":" + hex64, "unsupported digest algorithm"},
    };
    for (auto const& [text, reason] : cases) {
        auto const digest = Digest::parse(text);
        ASSERT_TRUE(digest.has_error()) << text;
        EXPECT_EQ(digest.error().code, Errc::digest_invalid);
        EXPECT_THAT(digest.error().message, HasSubstr(reason));
        EXPECT_LT(digest.error().message.size(), 300U);
    }
}

TEST(Digest, DiffersByAlgorithmAndByEveryByte) {
    std::unordered_set<Digest> seen;
    std::array<std::byte, 64> hash{};
    seen.insert(Digest(Algorithm::sha256, hash));
    seen.insert(Digest(Algorithm::sha512, hash));
    hash[31] = std::byte{1};
    seen.insert(Digest(Algorithm::sha256, hash));
    seen.insert(Digest(Algorithm::sha512, hash));
    EXPECT_EQ(seen.size(), 4U);
    hash[63] = std::byte{1};
    EXPECT_TRUE(seen.contains(Digest(Algorithm::sha256, hash))) << "sha256 ends after 32 bytes";
    EXPECT_FALSE(seen.contains(Digest(Algorithm::sha512, hash)));
}

TEST(Digest, FindsAlgorithmsByNameAndNamesTheSupportedOnes) {
    for (auto const algorithm : {Algorithm::sha256, Algorithm::sha512}) {
        EXPECT_EQ(parse_algorithm(to_string(algorithm)).value(), algorithm);
    }
    auto const other = parse_algorithm("blake3");
    EXPECT_EQ(other.error().code, Errc::digest_invalid);
    EXPECT_THAT(other.error().message, HasSubstr("sha256 or sha512"));
}
