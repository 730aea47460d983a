#include "jose/signing_key.h"

#include "fixed_clock.h"
#include "jose/jwt.h"
#include "test_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::jose;
using namespace ocilot::test;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

constexpr char const* claims = R"({"iss":"me","sub":"alice","aud":"registry","exp":1800000300})";

}  // namespace

TEST(SigningKey, SignsWhatItsPublicKeyVerifies) {
    auto const key = SigningKey::make().value();
    auto const token = key.sign(claims).value();
    PublicKeys keys;
    ASSERT_TRUE(keys.add_jwks(R"({"keys":[)" + key.public_jwk() + "]}"));
    auto const verified =
        verify_jwt(token, keys, {"me", "registry", {SigningAlgorithm::es256}}, FixedClock().now());
    ASSERT_TRUE(verified.has_value()) << verified.error().message;
    EXPECT_EQ(verified->subject, "alice");
    EXPECT_EQ(verified->json, claims);
}

TEST(SigningKey, IsNamedByItsThumbprint) {
    auto const key = SigningKey::make().value();
    EXPECT_EQ(key.id(), key.public_key().thumbprint());
    EXPECT_THAT(key.public_jwk(), HasSubstr(R"("kid":")" + key.id() + '"'));
    EXPECT_THAT(key.public_jwk(), Not(HasSubstr(R"("d":)")));
    auto const header = from_base64url(key.sign("{}").value().substr(0, key.sign("{}").value().find('.')));
    EXPECT_EQ(header, R"({"alg":"ES256","kid":")" + key.id() + R"(","typ":"JWT"})");
}

TEST(SigningKey, IsTheSameAfterBeingWrittenAndRead) {
    auto const key = SigningKey::make().value();
    auto const pem = key.pem().value();
    EXPECT_THAT(pem, StartsWith("-----BEGIN PRIVATE KEY-----\n"));
    auto const again = SigningKey::from_pem(pem).value();
    EXPECT_EQ(again.id(), key.id());
    EXPECT_NE(SigningKey::make().value().id(), key.id());
}

TEST(SigningKey, IsPrivateAndOnTheRightCurve) {
    EXPECT_TRUE(SigningKey::from_pem("").has_error());
    EXPECT_TRUE(
        SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").has_error());
    EXPECT_TRUE(SigningKey::from_pem(TestKey::ec().public_pem()).has_error());
}
