#include "jose/jwt.h"

#include "fixed_clock.h"
#include "test_certificate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace ocilot;
using namespace ocilot::jose;
using namespace ocilot::test;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr long long now_seconds = 1'800'000'000;

/// What a token server says of alice, with the value of one member replaced, or left out if it is empty.
std::string claims(std::string const& name = {}, std::string const& value = {}) {
    std::vector<std::pair<std::string, std::string>> members{
        {"iss", R"("tokens")"},
        {"sub", R"("alice")"},
        {"aud", R"("registry")"},
        {"exp", std::to_string(now_seconds + 300)},
        {"nbf", std::to_string(now_seconds)},
        {"iat", std::to_string(now_seconds)},
        {"jti", R"("id")"},
        {"access", R"([{"type":"repository","name":"team/app","actions":["pull","push"]}])"},
    };
    bool known = false;
    std::string out;
    for (auto const& [key, text] : members) {
        known = known || key == name;
        auto const& shown = key == name ? value : text;
        if (!shown.empty()) out += fmt::format(R"({}"{}":{})", out.empty() ? "" : ",", key, shown);
    }
    if (!known && !name.empty()) out += fmt::format(R"(,"{}":{})", name, value);
    return "{" + out + "}";
}

class Jwt : public testing::Test {
  protected:
    Jwt() { EXPECT_TRUE(keys.add_jwks(key.jwks(R"("kid":"trusted",)"))); }

    [[nodiscard]] std::string why_not(std::string_view token) const {
        auto const verified = verify_jwt(token, keys, rules, clock.now());
        if (!verified.has_error()) return "it is good";
        EXPECT_EQ(verified.error().code, Errc::unauthorized);
        if (token.size() > 20) {
            EXPECT_THAT(verified.error().message, Not(HasSubstr(std::string(token))));
        }
        return verified.error().message;
    }
    /// Of a token that is well signed.
    [[nodiscard]] std::string why_not_with(std::string const& name, std::string const& value) const {
        return why_not(key.token(header, claims(name, value)));
    }

    FixedClock clock;
    TestKey key = TestKey::ec();
    std::string header = R"({"typ":"JWT","alg":"ES256","kid":"trusted"})";
    PublicKeys keys;
    JwtRules rules{"tokens", "registry", allowed_algorithms({}).value()};
};

}  // namespace

TEST_F(Jwt, OfATrustedKeySaysWhoMayWhat) {
    auto const verified = verify_jwt(key.token(header, claims()), keys, rules, clock.now());
    ASSERT_TRUE(verified.has_value()) << verified.error().message;
    EXPECT_EQ(verified->issuer, "tokens");
    EXPECT_EQ(verified->subject, "alice");
    EXPECT_EQ(verified->audience, std::vector<std::string>{"registry"});
    EXPECT_EQ(verified->id, "id");
    EXPECT_EQ(verified->expires_at, clock.now() + std::chrono::seconds(300));
    EXPECT_EQ(verified->not_before, clock.now());
    EXPECT_EQ(verified->issued_at, clock.now());
    EXPECT_EQ(verified->json, claims());
}

TEST_F(Jwt, MayHaveWhatOtherServersWrite) {
    EXPECT_EQ(why_not_with("aud", R"(["other","registry"])"), "it is good");
    EXPECT_EQ(why_not_with("sub", R"("")"), "it is good");
    EXPECT_EQ(why_not_with("sub", ""), "it is good");
    EXPECT_EQ(why_not_with("nbf", ""), "it is good");
    EXPECT_EQ(why_not_with("exp", "1800000300.5"), "it is good");
    EXPECT_EQ(why_not_with("exp", "1.8000003e9"), "it is good");
    EXPECT_EQ(why_not_with("more", R"({"a":[1,{"b":null}]})"), "it is good");
    EXPECT_EQ(why_not(key.token(R"({"alg":"ES256"})", claims())), "it is good")
        << "only one key can be meant";
}

TEST_F(Jwt, IsOfTheIssuerThatIsBelieved) {
    EXPECT_THAT(why_not_with("iss", R"("Tokens")"), HasSubstr("issuer"));
    EXPECT_THAT(why_not_with("iss", ""), HasSubstr("issuer"));
    EXPECT_THAT(why_not_with("iss", R"(["tokens"])"), HasSubstr("iss is not a string"));
}

TEST_F(Jwt, IsForThisRegistry) {
    EXPECT_THAT(why_not_with("aud", R"("other")"), HasSubstr("audience"));
    EXPECT_THAT(why_not_with("aud", R"([])"), HasSubstr("audience"));
    EXPECT_THAT(why_not_with("aud", R"(["registr","registryy"])"), HasSubstr("audience"));
    EXPECT_THAT(why_not_with("aud", ""), HasSubstr("audience"));
    EXPECT_THAT(why_not_with("aud", R"([1])"), HasSubstr("aud is neither"));
    EXPECT_THAT(why_not_with("aud", R"({"registry":1})"), HasSubstr("aud is neither"));
}

TEST_F(Jwt, IsGoodInItsTimeAndAMinuteBesides) {
    auto const at = [&](std::string const& name, long long seconds) {
        return why_not_with(name, std::to_string(now_seconds + seconds));
    };
    EXPECT_EQ(at("exp", -59), "it is good");
    EXPECT_THAT(at("exp", -60), HasSubstr("expired"));
    EXPECT_THAT(at("exp", -100'000), HasSubstr("expired"));
    EXPECT_EQ(at("nbf", 60), "it is good");
    EXPECT_THAT(at("nbf", 61), HasSubstr("not valid yet"));
}

TEST_F(Jwt, HasTimesThatAreTimes) {
    EXPECT_THAT(why_not_with("exp", ""), HasSubstr("missing exp"));
    for (std::string const number : {"-1", "1e300", "253402300800", "99999999999999999999999999999999",
                                     "18446744073709551615", "9223372036854775807"}) {
        EXPECT_THAT(why_not_with("exp", number), HasSubstr("out of range")) << number;
        EXPECT_THAT(why_not_with("nbf", number), HasSubstr("out of range")) << number;
        EXPECT_THAT(why_not_with("iat", number), HasSubstr("out of range")) << number;
    }
    EXPECT_THAT(why_not_with("exp", "1e400"), HasSubstr("invalid JSON"));
    EXPECT_THAT(why_not_with("exp", R"("1800000300")"), HasSubstr("not a number"));
    EXPECT_THAT(why_not_with("exp", "null"), HasSubstr("not a number"));
    EXPECT_THAT(why_not_with("exp", "true"), HasSubstr("not a number"));
}

TEST_F(Jwt, WithoutSignatureIsRefused) {
    for (std::string const alg : {"none", "None", "NONE", "nOnE", ""}) {
        auto const start =
            to_base64url(R"({"alg":")" + alg + R"(","kid":"trusted"})") + "." + to_base64url(claims());
        EXPECT_THAT(why_not(start + "."), HasSubstr("algorithm")) << alg;
        EXPECT_THAT(why_not(start + ".AAAA"), HasSubstr("algorithm")) << alg;
    }
    auto const token = key.token(header, claims());
    EXPECT_THAT(why_not(token.substr(0, token.rfind('.') + 1)), HasSubstr("signature"));
    EXPECT_THAT(why_not(token.substr(0, token.rfind('.'))), HasSubstr("three parts"));
    EXPECT_THAT(why_not(key.token(R"({"kid":"trusted"})", claims())), HasSubstr("algorithm"));
    EXPECT_THAT(why_not(key.token(R"({"alg":1,"kid":"trusted"})", claims())),
                HasSubstr("alg is not a string"));
}

TEST_F(Jwt, SignedWithAPublicKeyAsASharedSecretIsRefused) {
    auto const rsa = TestKey::rsa();
    PublicKeys trusted;
    ASSERT_TRUE(trusted.add_pem(rsa.public_pem()));
    auto const hs256 = R"({"alg":"HS256","kid":")" + rsa.public_key().thumbprint() + "\"}";
    auto const token = hs256_token(rsa.public_pem(), hs256, claims());
    auto const verified = verify_jwt(token, trusted, rules, clock.now());
    ASSERT_TRUE(verified.has_error());
    EXPECT_THAT(verified.error().message, HasSubstr("algorithm"));
}

TEST_F(Jwt, IsOfAnAlgorithmOfItsKey) {
    auto const rsa = TestKey::rsa();
    ASSERT_TRUE(keys.add_jwks(rsa.jwk(R"("kid":"rsa",)")));
    EXPECT_EQ(why_not(rsa.token(R"({"alg":"PS384","kid":"rsa"})", claims(), "PS384")), "it is good");
    EXPECT_THAT(why_not(rsa.token(R"({"alg":"ES256","kid":"rsa"})", claims(), "RS256")),
                HasSubstr("no trusted key"));
    EXPECT_THAT(why_not(rsa.token(R"({"alg":"RS256","kid":"trusted"})", claims(), "RS256")),
                HasSubstr("no trusted key"));
    EXPECT_THAT(why_not(rsa.token(R"({"alg":"PS256","kid":"rsa"})", claims(), "RS256")),
                HasSubstr("signature"));
}

TEST_F(Jwt, IsOfAnAlgorithmThatIsAllowed) {
    rules.algorithms = {SigningAlgorithm::rs256};
    EXPECT_THAT(why_not(key.token(header, claims())), HasSubstr("algorithm"));
}

TEST_F(Jwt, BringsNoKeyOfItsOwn) {
    auto const evil = TestKey::ec();
    auto const with = [&](std::string const& members) {
        return why_not(evil.token(R"({"alg":"ES256",)" + members + "}", claims()));
    };
    TestCertificate const certificate({"evil", "evil", clock.now(), true}, evil, evil);
    auto const jwk = R"("jwk":)" + evil.jwk();
    auto const named = R"("jwk":)" + evil.jwk(R"("kid":"trusted",)");
    auto const jku = R"("jku":"https://evil.example/jwks","x5u":"https://evil.example/chain")";
    auto const x5c = R"("x5c":[)" + certificate.x5c() + "]";
    for (auto const& own : {jwk, named, std::string(jku), x5c, jwk + "," + jku + "," + x5c}) {
        EXPECT_THAT(with(R"("kid":"trusted",)" + own), HasSubstr("signature")) << own;
        EXPECT_THAT(with(R"("kid":"other",)" + own), Not(HasSubstr("good"))) << own;
        EXPECT_THAT(with(own), Not(HasSubstr("good"))) << own;
    }
}

TEST_F(Jwt, MayBringAKeyThatIsTrustedAlready) {
    EXPECT_EQ(why_not(key.token(R"({"alg":"ES256","jwk":)" + key.jwk() + "}", claims())), "it is good");
    EXPECT_THAT(why_not(key.token(R"({"alg":"ES256","jwk":"trusted"})", claims())),
                HasSubstr("no trusted key"));
}

TEST_F(Jwt, MayBringCertificatesThatLeadToARoot) {
    auto const root_key = TestKey::ec("P-384");
    auto const leaf_key = TestKey::ec();
    TestCertificate const root({"root", "root", clock.now(), true}, root_key, root_key);
    TestCertificate const leaf({"leaf", "root", clock.now()}, leaf_key, root_key);
    ASSERT_TRUE(keys.add_pem(root.pem()));
    auto const with = [&](TestKey const& signer, std::string const& x5c) {
        return why_not(signer.token(R"({"alg":"ES256","x5c":)" + x5c + "}", claims()));
    };
    EXPECT_EQ(with(leaf_key, "[" + leaf.x5c() + "]"), "it is good");
    EXPECT_THAT(with(TestKey::ec(), "[" + leaf.x5c() + "]"), HasSubstr("signature"));
    for (std::string const rubbish : {"[]", "1", "null", R"("x")", R"(["!"])", "{}", "[1]"})
        EXPECT_THAT(with(leaf_key, rubbish), Not(HasSubstr("good"))) << rubbish;
    clock.advance(std::chrono::hours(1));
    EXPECT_THAT(with(leaf_key, "[" + leaf.x5c() + "]"), HasSubstr("expired"));
}

TEST_F(Jwt, WithExtensionsThatMustBeUnderstoodIsRefused) {
    EXPECT_THAT(why_not(key.token(R"({"alg":"ES256","kid":"trusted","crit":["exp"],"exp":1})", claims())),
                HasSubstr("crit"));
    EXPECT_THAT(why_not(key.token(R"({"alg":"ES256","kid":"trusted","crit":[]})", claims())),
                HasSubstr("crit"));
}

TEST_F(Jwt, WithAMemberTwiceIsRefused) {
    EXPECT_THAT(why_not(key.token(R"({"alg":"none","alg":"ES256","kid":"trusted"})", claims())),
                HasSubstr("duplicate"));
    EXPECT_THAT(why_not(key.token(header, R"({"sub":"root",)" + claims().substr(1))), HasSubstr("duplicate"));
    EXPECT_THAT(why_not_with("more", R"([{"a":1,"a":2}])"), HasSubstr("duplicate"));
}

TEST_F(Jwt, ThatWasChangedIsRefused) {
    auto const good = key.token(header, claims());
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        EXPECT_NE(why_not(bad), "it is good") << i;
    }
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_NE(why_not(good.substr(0, size)), "it is good") << size;
    for (std::string const& more : std::vector<std::string>{"A", "=", " ", "\n", ".", {1, '\0'}})
        EXPECT_NE(why_not(good + more), "it is good");
    EXPECT_NE(why_not(" " + good), "it is good");
}

TEST_F(Jwt, HasTheTwoNumbersOfItsSignatureOneAfterTheOther) {
    EXPECT_THAT(why_not(key.token(header, claims(), "ES256", true)), HasSubstr("signature"));
    auto const good = key.token(header, claims());
    auto const start = good.substr(0, good.rfind('.') + 1);
    EXPECT_THAT(why_not(start + to_base64url(std::string(64, '\0'))), HasSubstr("signature"));
    EXPECT_THAT(why_not(start + to_base64url(std::string(64, '\xff'))), HasSubstr("signature"));
    EXPECT_THAT(why_not(start + to_base64url(std::string(2048, '\1'))), HasSubstr("signature"));
}

TEST_F(Jwt, IsBounded) {
    EXPECT_THAT(why_not(std::string(1 << 20, '.')), HasSubstr("too long"));
    EXPECT_THAT(why_not(std::string(longest_jwt, '.')), HasSubstr("three parts"));
    EXPECT_THAT(why_not(".."), HasSubstr("header"));
    EXPECT_THAT(why_not(""), HasSubstr("three parts"));
    auto const deep = to_base64url(std::string(5000, '[')) + "." + to_base64url(claims()) + ".AAAA";
    EXPECT_THAT(why_not(deep), HasSubstr("header"));
    auto const nested = R"({"a":)" + std::string(20, '[') + std::string(20, ']') + R"(,"alg":"ES256"})";
    EXPECT_THAT(why_not(key.token(nested, claims())), HasSubstr("deeply"));
    EXPECT_THAT(why_not(key.token("\xff{}", claims())), HasSubstr("header"));
    EXPECT_THAT(why_not(key.token(R"({"alg":"ES256","kid":)" + std::string("\"\xff\"}"), claims())),
                HasSubstr("header"));
    EXPECT_EQ(why_not_with("more", '"' + std::string(8000, 'a') + '"'), "it is good");
}

TEST_F(Jwt, SaysItsIssuerBeforeItIsVerified) {
    auto const peeked = peek_jwt(TestKey::ec().token(header, claims()));
    ASSERT_TRUE(peeked.has_value());
    EXPECT_EQ(peeked->issuer, "tokens");
    EXPECT_EQ(peeked->key_id, "trusted");
    EXPECT_TRUE(peek_jwt("ocilot_abc").has_error());
    EXPECT_TRUE(peek_jwt(std::string(1 << 20, '.')).has_error());
}
