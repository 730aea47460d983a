#include "events/signature.h"

#include "events/signing_secret.h"

#include <gmock/gmock.h>

using namespace ocilot;
using events::SigningSecret;
using ::testing::HasSubstr;
using ::testing::Not;

namespace {

events::Payload a_payload() {
    return {.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
            .content_type = "application/json",
            .body = R"({"test": 2432232314})"};
}

std::string header(events::Payload const& payload, std::string_view name) {
    for (auto const& [key, value] : payload.headers) {
        if (key == name) return value;
    }
    return {};
}

Time const signed_at = Time(std::chrono::seconds(1'614'265'330));

}  // namespace

TEST(Signature, IsThatOfStandardWebhooks) {
    // The example of its specification.
    std::vector const secrets{SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value()};
    auto payload = a_payload();
    events::sign(payload, secrets, signed_at);
    EXPECT_EQ(header(payload, "webhook-id"), payload.id);
    EXPECT_EQ(header(payload, "webhook-timestamp"), "1614265330");
    EXPECT_EQ(header(payload, "webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signature, HasOneForEachSecretWhileTheyRotate) {
    std::vector const secrets{SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value(),
                              SigningSecret::parse("a text of more than sixteen bytes").value()};
    auto payload = a_payload();
    events::sign(payload, secrets, signed_at);
    EXPECT_THAT(header(payload, "webhook-signature"),
                ::testing::MatchesRegex("v1,g0hM9SsE\\+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,.+="));
}

TEST(Signature, WithoutASecretThereIsNone) {
    auto payload = a_payload();
    events::sign(payload, {}, signed_at);
    EXPECT_EQ(header(payload, "webhook-signature"), "");
    EXPECT_EQ(header(payload, "webhook-id"), payload.id);
}

TEST(Signature, AnUnusableSecretIsRefusedWithoutShowingIt) {
    for (std::string const text : {"whsec_not base64!", "short", "whsec_c2hvcnQ="}) {
        auto const refused = SigningSecret::parse(text);
        ASSERT_TRUE(refused.has_error()) << text;
        EXPECT_EQ(refused.error().code, Errc::config);
        EXPECT_THAT(refused.error().message, Not(HasSubstr(text)));
        EXPECT_THAT(refused.error().message, HasSubstr("openssl rand"));
    }
}
