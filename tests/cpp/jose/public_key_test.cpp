#include "jose/public_key.h"

#include "jose/public_keys.h"
#include "test_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::jose;
using ocilot::test::TestKey;
using testing::HasSubstr;

namespace {

// RFC 7638 §3.1
constexpr char const* rsa_jwk =
    R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})";
// RFC 7515, appendices A.2, A.3 and A.4
constexpr char const* rs256_jwk =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
constexpr char const* es256_jwk =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
constexpr char const* es512_jwk =
    R"({"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"})";
// RFC 8037, appendix A
constexpr char const* ed25519_jwk =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

std::string const joe =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

PublicKey key(std::string_view jwk) {
    return PublicKey::from_jwk(jwk).value();
}

std::string why_not(std::string_view jwk) {
    auto const key = PublicKey::from_jwk(jwk);
    return key.has_error() ? key.error().message : "it is a key";
}

}  // namespace

TEST(PublicKey, HasTheThumbprintsOfTheRfcs) {
    EXPECT_EQ(key(rsa_jwk).thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    EXPECT_EQ(key(ed25519_jwk).thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    EXPECT_EQ(key(rsa_jwk).id(), "2011-04-29");
}

TEST(PublicKey, HasTheFingerprintOfLibtrust) {
    EXPECT_EQ(key(rsa_jwk).fingerprint(), "VUZD:EDHW:YWLN:RBFQ:KOA3:UVZ2:XKG5:2V2J:WTPI:6SRD:U6PZ:VCO5");
    EXPECT_EQ(key(es256_jwk).fingerprint(), "FPI3:WDCE:VCL4:GCT2:UCMR:ZXRY:3ADC:7ZCB:3ZIN:UD2G:QJJU:J5QC");
}

TEST(PublicKey, VerifiesTheSignaturesOfTheRfcs) {
    struct Case {
        char const* jwk;
        SigningAlgorithm algorithm;
        std::string text;
        std::string signature;
    };
    Case const cases[] = {
        {rs256_jwk, SigningAlgorithm::rs256, "eyJhbGciOiJSUzI1NiJ9." + joe,
         "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
         "O8W2Fp5jujGbds9uJd"
         "bF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
         "eSN93"
         "83LcOLn6_dO--xi12jzDwusC-"
         "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhW"
         "kWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
        {es256_jwk, SigningAlgorithm::es256, "eyJhbGciOiJFUzI1NiJ9." + joe,
         "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
        {es512_jwk, SigningAlgorithm::es512, "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
         "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_"
         "7XdtAG8GaSwFKdCAPZg"
         "oXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"},
        {ed25519_jwk, SigningAlgorithm::eddsa, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
         "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
    };
    for (auto const& one : cases) {
        SCOPED_TRACE(to_string(one.algorithm));
        auto const signature = from_base64url(one.signature).value();
        auto const signer = key(one.jwk);
        EXPECT_TRUE(signer.verifies(one.algorithm, one.text, signature));
        EXPECT_FALSE(signer.verifies(one.algorithm, one.text + "x", signature));
        for (std::size_t size = 0; size < signature.size(); ++size)
            EXPECT_FALSE(signer.verifies(one.algorithm, one.text, signature.substr(0, size))) << size;
        EXPECT_FALSE(signer.verifies(one.algorithm, one.text, signature + '\0'));
        for (auto const other : signing_algorithms()) {
            EXPECT_EQ(signer.verifies(other, one.text, signature), other == one.algorithm)
                << to_string(other);
        }
    }
}

TEST(PublicKey, TakesEveryAlgorithmOfItsTypeAndNoOther) {
    struct Case {
        TestKey key;
        std::vector<std::string> algorithms;
    };
    Case const cases[] = {
        {TestKey::rsa(), {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}},
        {TestKey::ec("P-256"), {"ES256"}},
        {TestKey::ec("P-384"), {"ES384"}},
        {TestKey::ec("P-521"), {"ES512"}},
        {TestKey::ed25519(), {"EdDSA"}},
    };
    for (auto const& [signer, algorithms] : cases) {
        auto const verifier = PublicKey::from_jwk(signer.jwk()).value();
        for (auto const algorithm : signing_algorithms()) {
            std::string const name(to_string(algorithm));
            bool const own = std::ranges::find(algorithms, name) != algorithms.end();
            EXPECT_EQ(verifier.takes(algorithm), own) << name;
            if (!own) continue;
            auto const token = signer.token("{}", "{}", name);
            auto const dot = token.rfind('.');
            EXPECT_TRUE(verifier.verifies(algorithm, token.substr(0, dot),
                                          from_base64url(token.substr(dot + 1)).value()))
                << name;
        }
    }
}

TEST(PublicKey, IsBoundToTheAlgOfItsJwk) {
    auto const signer = TestKey::rsa();
    auto const verifier = PublicKey::from_jwk(signer.jwk(R"("alg":"PS256",)")).value();
    EXPECT_TRUE(verifier.takes(SigningAlgorithm::ps256));
    EXPECT_FALSE(verifier.takes(SigningAlgorithm::rs256));
}

TEST(PublicKey, IsNotMadeOfWhatIsWeakOrForSomethingElse) {
    EXPECT_THAT(why_not(TestKey::ec().jwk(R"("use":"enc",)")), HasSubstr("use"));
    EXPECT_THAT(why_not(TestKey::ec().jwk(R"("key_ops":["sign"],)")), HasSubstr("key_ops"));
    EXPECT_EQ(why_not(TestKey::ec().jwk(R"("key_ops":["verify"],"use":"sig",)")), "it is a key");
    EXPECT_THAT(why_not(TestKey::ec().jwk(R"("alg":"HS256",)")), HasSubstr("alg"));
    EXPECT_THAT(why_not(TestKey::ec().jwk(R"("alg":"none",)")), HasSubstr("alg"));
    EXPECT_THAT(why_not(TestKey::ec().jwk(R"("alg":"RS256",)")), HasSubstr("alg"));
    EXPECT_THAT(why_not(TestKey::ec().jwk(R"("d":"AAAA",)")), HasSubstr("private"));
    EXPECT_THAT(why_not(R"({"kty":"oct","k":"c2VjcmV0"})"), HasSubstr("kty"));
    EXPECT_THAT(why_not(R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})"), HasSubstr("curve"));
    EXPECT_THAT(why_not(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"), HasSubstr("size"));
    EXPECT_THAT(why_not(R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"),
                HasSubstr("Ed25519"));
    EXPECT_THAT(why_not(R"({"kty":"RSA","n":"AQAB","e":"AQAB"})"), HasSubstr("bits"));
    EXPECT_THAT(why_not(R"({"kty":"RSA","kty":"EC"})"), HasSubstr("duplicate"));
    EXPECT_THAT(why_not("[]"), HasSubstr("object"));
    EXPECT_THAT(why_not(""), HasSubstr("JSON"));
}

TEST(PublicKey, OfRsaHasToBeLargeAndToHaveAnExponentThatProtects) {
    auto const small = PublicKey::from_native({TestKey::fresh_rsa(1024).native(), [](auto*) {}});
    EXPECT_TRUE(small.has_error());
    std::string const large = to_base64url(std::string(256, '\xff'));
    for (std::string const exponent : {"AQ", "AA", "Ag", "AQABAQABAQABAQAB"}) {
        EXPECT_TRUE(PublicKey::from_jwk(R"({"kty":"RSA","n":")" + large + R"(","e":")" + exponent + "\"}")
                        .has_error())
            << exponent;
    }
    EXPECT_TRUE(PublicKey::from_jwk(R"({"kty":"RSA","n":")" + large + R"(","e":"AQAB"})").has_value());
    std::string const huge = to_base64url(std::string(2000, '\xff'));
    EXPECT_TRUE(PublicKey::from_jwk(R"({"kty":"RSA","n":")" + huge + R"(","e":"AQAB"})").has_error());
}

TEST(PublicKey, OfAPointThatIsNotOnItsCurveIsNone) {
    std::string const one = to_base64url(std::string(32, '\1'));
    EXPECT_THAT(why_not(R"({"kty":"EC","crv":"P-256","x":")" + one + R"(","y":")" + one + "\"}"),
                HasSubstr("not a public key"));
}
