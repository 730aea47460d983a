#include "auth/token_verifier.h"

#include "fixed_clock.h"
#include "jose/test_certificate.h"
#include "temporary_file.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::auth;
using namespace ocilot::test;
using testing::HasSubstr;

namespace {

constexpr char const* claims =
    R"({"iss":"tokens","sub":"alice","aud":"registry","exp":1800000300,"access":[{"type":"repository",)"
    R"("name":"team/app","actions":["pull"]},{"type":"registry","name":"catalog","actions":["*"]}]})";

class Verifier : public testing::Test {
  protected:
    [[nodiscard]] Result<std::unique_ptr<TokenVerifier>> load() const {
        return TokenVerifier::load(settings, clock, log);
    }
    [[nodiscard]] std::string problem() const {
        auto const loaded = load();
        return loaded.has_error() ? loaded.error().message : "none";
    }
    static std::string token_of(TestKey const& key) {
        return key.token(R"({"alg":"ES256","kid":")" + key.public_key().fingerprint() + "\"}", claims);
    }

    TemporaryFile roots;
    TemporaryFile jwks;
    FixedClock clock;
    MemorySink sink;
    Log log{sink, clock, LogFormat::text, LogLevel::debug};
    TestKey key = TestKey::ec();
    TokenVerifierSettings settings{"tokens", "registry", {}, jwks.path(), {}};
};

policy::Access on(std::string_view repository, policy::Action action) {
    return {oci::RepositoryName::parse(repository).value(), action};
}

}  // namespace

TEST_F(Verifier, TurnsATokenIntoACallerWhoMayWhatItSays) {
    jwks.write(key.jwks());
    auto const verified = load().value()->verify(token_of(key));
    ASSERT_TRUE(verified.has_value()) << verified.error().message;
    EXPECT_EQ(verified->caller.name, "alice");
    EXPECT_EQ(verified->caller.kind, policy::CallerKind::user);
    EXPECT_FALSE(verified->caller.admin);
    ASSERT_NE(verified->caller.limit, nullptr);
    EXPECT_TRUE(verified->caller.limit->covers(on("team/app", policy::Action::pull)));
    EXPECT_FALSE(verified->caller.limit->covers(on("team/app", policy::Action::create)));
    EXPECT_FALSE(verified->caller.limit->covers(on("team/other", policy::Action::pull)));
    EXPECT_TRUE(verified->caller.limit->covers_catalog());
    EXPECT_EQ(verified->expires_at, clock.now() + std::chrono::seconds(360)) << "with the minute of leeway";
}

TEST_F(Verifier, TakesATokenWithoutSubjectAsAnonymous) {
    jwks.write(key.jwks());
    auto const verified = load().value()->verify(
        key.token(R"({"alg":"ES256"})", R"({"iss":"tokens","sub":"","aud":"registry","exp":1800000300})"));
    ASSERT_TRUE(verified.has_value());
    EXPECT_TRUE(verified->caller.anonymous());
    EXPECT_EQ(verified->caller.kind, policy::CallerKind::anonymous);
    EXPECT_FALSE(verified->caller.limit->covers(on("team/app", policy::Action::pull)));
}

TEST_F(Verifier, TrustsTheCertificatesOfItsBundle) {
    settings.rootcertbundle = roots.path();
    settings.jwks.clear();
    auto const leaf_key = TestKey::ec();
    TestCertificate const root({"root", "root", clock.now(), true}, key, key);
    TestCertificate const leaf({"leaf", "root", clock.now()}, leaf_key, key);
    roots.write(root.pem());
    auto const verifier = load().value();
    EXPECT_TRUE(verifier->verify(token_of(key)).has_value());
    EXPECT_TRUE(verifier->verify(leaf_key.token(R"({"alg":"ES256","x5c":[)" + leaf.x5c() + "]}", claims))
                    .has_value());
    EXPECT_EQ(verifier->verify(token_of(leaf_key)).error().code, Errc::unauthorized);
}

TEST_F(Verifier, TakesNewKeysFromItsFile) {
    jwks.write(key.jwks());
    auto const verifier = load().value();
    auto const version = verifier->version();
    auto const fresh = TestKey::ec();
    jwks.write(fresh.jwks());
    EXPECT_TRUE(verifier->verify(token_of(key)).has_value()) << "looked at less than a second ago";
    clock.advance(std::chrono::seconds(1));
    EXPECT_NE(verifier->version(), version);
    EXPECT_TRUE(verifier->verify(token_of(fresh)).has_value());
    EXPECT_TRUE(verifier->verify(token_of(key)).has_error());
}

TEST_F(Verifier, KeepsItsKeysWhileTheFileIsBroken) {
    jwks.write(key.jwks());
    auto const verifier = load().value();
    auto const version = verifier->version();
    for (std::string const text : {"", "{", R"({"keys":[{"kty":"oct","k":"AAAA"}]})"}) {
        jwks.write(text);
        clock.advance(std::chrono::seconds(1));
        EXPECT_TRUE(verifier->verify(token_of(key)).has_value());
    }
    jwks.remove();
    clock.advance(std::chrono::seconds(1));
    EXPECT_TRUE(verifier->verify(token_of(key)).has_value());
    EXPECT_EQ(verifier->version(), version);
    EXPECT_THAT(sink.text(), HasSubstr("token keys not reloaded"));
}

TEST_F(Verifier, SaysWhatItsConfigurationLacks) {
    EXPECT_THAT(problem(), HasSubstr("cannot read"));
    jwks.write("{}");
    EXPECT_THAT(problem(), HasSubstr("auth.token.jwks"));
    jwks.write(R"({"keys":[{"kty":"oct","k":"AAAA"}]})");
    EXPECT_THAT(problem(), HasSubstr("shared secret"));
    jwks.write(key.jwks());
    EXPECT_EQ(problem(), "none");
    settings.signing_algorithms = {"ES256", "HS256"};
    EXPECT_THAT(problem(), HasSubstr("HS256"));
    settings.signing_algorithms = {"none"};
    EXPECT_THAT(problem(), HasSubstr("unknown"));
    settings.signing_algorithms.clear();
    settings.jwks.clear();
    EXPECT_THAT(problem(), HasSubstr("rootcertbundle or jwks"));
    settings.issuer.clear();
    EXPECT_THAT(problem(), HasSubstr("issuer"));
}

TEST_F(Verifier, TakesOnlyAlgorithmsThatAreAllowed) {
    jwks.write(key.jwks());
    settings.signing_algorithms = {"RS256", "EdDSA"};
    EXPECT_TRUE(load().value()->verify(token_of(key)).has_error());
}
