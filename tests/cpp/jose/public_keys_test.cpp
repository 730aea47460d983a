#include "jose/public_keys.h"

#include "fixed_clock.h"
#include "test_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::jose;
using namespace ocilot::test;
using testing::HasSubstr;

namespace {

std::string why_no_jwks(std::string_view json) {
    PublicKeys keys;
    auto const added = keys.add_jwks(json);
    return added.has_error() ? added.error().message : "added";
}

std::string why_no_pem(std::string_view text) {
    PublicKeys keys;
    auto const added = keys.add_pem(text);
    return added.has_error() ? added.error().message : "added";
}

}  // namespace

TEST(PublicKeys, AreFoundByEveryNameOfAKey) {
    auto const one = TestKey::ec();
    auto const other = TestKey::ec();
    PublicKeys keys;
    ASSERT_TRUE(keys.add_jwks(R"({"keys":[)" + one.jwk(R"("kid":"one",)") + "," + other.jwk() + "]}"));
    auto const key = one.public_key();
    for (auto const& kid : {std::string("one"), key.thumbprint(), key.fingerprint()}) {
        auto const* const found = keys.find(kid, SigningAlgorithm::es256);
        ASSERT_NE(found, nullptr) << kid;
        EXPECT_EQ(found->jwk(), key.jwk());
        EXPECT_EQ(keys.find(kid, SigningAlgorithm::rs256), nullptr);
    }
    EXPECT_EQ(keys.find("two", SigningAlgorithm::es256), nullptr);
    EXPECT_EQ(keys.find("", SigningAlgorithm::es256), nullptr) << "two keys could be meant";
}

TEST(PublicKeys, NeedNoNameIfOnlyOneCanBeMeant) {
    PublicKeys keys;
    auto const ec = TestKey::ec();
    keys.add(ec.public_key());
    keys.add(TestKey::ed25519().public_key());
    auto const* const found = keys.find("", SigningAlgorithm::es256);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->jwk(), ec.public_key().jwk());
    EXPECT_EQ(keys.find("", SigningAlgorithm::rs256), nullptr);
}

TEST(PublicKeys, PassOverWhatNoSignatureIsVerifiedWith) {
    PublicKeys keys;
    ASSERT_TRUE(keys.add_jwks(R"({"keys":[{"kty":"new"},)" + TestKey::ec().jwk(R"("use":"enc",)") + "," +
                              TestKey::ec().jwk() + R"(,17]})"));
    EXPECT_EQ(keys.size(), 1U);
    ASSERT_EQ(keys.passed_over().size(), 3U);
    EXPECT_THAT(keys.passed_over()[1], HasSubstr("key 2 of the JWKS: use or key_ops"));
}

TEST(PublicKeys, NeverHoldASharedSecret) {
    EXPECT_THAT(why_no_jwks(R"({"keys":[)" + TestKey::ec().jwk() + R"(,{"kty":"oct","k":"c2VjcmV0"}]})"),
                HasSubstr("shared secret"));
    EXPECT_THAT(why_no_jwks(R"({"kty":"oct","k":"c2VjcmV0","alg":"HS256"})"), HasSubstr("shared secret"));
}

TEST(PublicKeys, OfAJwksThatIsNoneAreRefused) {
    EXPECT_THAT(why_no_jwks(""), HasSubstr("JSON"));
    EXPECT_THAT(why_no_jwks("[]"), HasSubstr("object"));
    EXPECT_THAT(why_no_jwks("{}"), HasSubstr("no usable key"));
    EXPECT_THAT(why_no_jwks(R"({"keys":[]})"), HasSubstr("no key"));
    EXPECT_THAT(why_no_jwks(R"({"keys":{}})"), HasSubstr("list"));
    EXPECT_THAT(why_no_jwks(R"({"keys":[{"kty":"new"}]})"), HasSubstr("kty"));
    EXPECT_THAT(why_no_jwks(TestKey::ec().jwk(R"("d":"AA",)")), HasSubstr("private"));
    EXPECT_THAT(why_no_jwks(std::string((1 << 20) + 1, ' ')), HasSubstr("1 MiB"));
    EXPECT_THAT(why_no_jwks(std::string(100'000, '[')), HasSubstr("JSON"));
}

TEST(PublicKeys, ComeFromPemFiles) {
    FixedClock const clock;
    auto const key = TestKey::ec();
    auto const holder = TestKey::rsa();
    TestCertificate const certificate({"root", "root", clock.now(), true}, holder, holder);
    PublicKeys keys;
    ASSERT_TRUE(keys.add_pem("a comment\n" + key.public_pem() + certificate.pem()));
    EXPECT_EQ(keys.size(), 2U);
    EXPECT_NE(keys.find(key.public_key().fingerprint(), SigningAlgorithm::es256), nullptr);
    EXPECT_NE(keys.find(holder.public_key().thumbprint(), SigningAlgorithm::rs256), nullptr);
}

TEST(PublicKeys, OfAPemFileThatIsNoneAreRefused) {
    EXPECT_THAT(why_no_pem(""), HasSubstr("no usable certificate"));
    EXPECT_THAT(why_no_pem("hello"), HasSubstr("no usable certificate"));
    EXPECT_THAT(why_no_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                HasSubstr("block 1"));
    EXPECT_THAT(why_no_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
                HasSubstr("block 1"));
    auto const good = TestKey::ec().public_pem();
    EXPECT_THAT(why_no_pem(good + "-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----\n"),
                HasSubstr("cannot be read"));
    EXPECT_THAT(why_no_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
                HasSubstr("no usable certificate"));
}

class Chain : public testing::Test {
  protected:
    Chain() { EXPECT_TRUE(keys.add_pem(root.pem())); }

    [[nodiscard]] std::string follow(std::vector<std::string> const& chain, Time at) const {
        auto const key = keys.find_by_chain(chain, at);
        return key.has_error() ? key.error().message : key->jwk();
    }

    FixedClock clock;
    Time const now = clock.now();
    TestKey root_key = TestKey::ec();
    TestKey middle_key = TestKey::ec();
    TestKey leaf_key = TestKey::ec();
    TestCertificate root{{"root", "root", now, true}, root_key, root_key};
    TestCertificate middle{{"middle", "root", now, true}, middle_key, root_key};
    TestCertificate leaf{{"leaf", "middle", now}, leaf_key, middle_key};
    PublicKeys keys;
};

TEST_F(Chain, ThatLeadsToARootGivesTheKeyOfItsFirstCertificate) {
    EXPECT_EQ(follow({leaf.der(), middle.der()}, now), leaf_key.public_key().jwk());
    EXPECT_EQ(follow({root.der()}, now), root_key.public_key().jwk());
}

TEST_F(Chain, ThatLeadsNowhereIsRefused) {
    EXPECT_THAT(follow({leaf.der()}, now), HasSubstr("not trusted"));
    EXPECT_THAT(follow({}, now), HasSubstr("not trusted"));
    EXPECT_THAT(follow({"rubbish"}, now), HasSubstr("not trusted"));
    EXPECT_THAT(follow({leaf.der() + "x", middle.der()}, now), HasSubstr("not trusted"));
    EXPECT_THAT(follow(std::vector<std::string>(9, root.der()), now), HasSubstr("too many"));
    // Somebody else's root of the same name.
    auto const evil = TestKey::ec();
    TestCertificate const other({"root", "root", now, true}, evil, evil);
    TestCertificate const forged({"leaf", "root", now}, leaf_key, evil);
    EXPECT_THAT(follow({forged.der(), other.der()}, now), HasSubstr("not trusted"));
}

TEST_F(Chain, OverACertificateThatIsNoAuthorityIsRefused) {
    auto const evil = TestKey::ec();
    TestCertificate const forged({"evil", "leaf", now}, evil, leaf_key);
    EXPECT_THAT(follow({forged.der(), leaf.der(), middle.der()}, now), HasSubstr("not trusted"));
}

TEST_F(Chain, IsValidOnlyInItsTime) {
    EXPECT_THAT(follow({leaf.der(), middle.der()}, now + std::chrono::hours(1)), HasSubstr("expired"));
    EXPECT_THAT(follow({leaf.der(), middle.der()}, now - std::chrono::hours(1)), HasSubstr("not yet valid"));
}

TEST_F(Chain, SignedWithSha1IsRefused) {
    TestCertificate const weak({"leaf", "root", now, false, "SHA1"}, leaf_key, root_key);
    EXPECT_THAT(follow({weak.der()}, now), HasSubstr("not trusted"));
}

TEST_F(Chain, NeedsConfiguredRoots) {
    PublicKeys none;
    ASSERT_TRUE(none.add_jwks(leaf_key.jwks()));
    EXPECT_TRUE(none.find_by_chain(std::vector{leaf.der(), middle.der()}, now).has_error());
}
