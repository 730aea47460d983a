#include "auth/jwt.h"

#include "auth/base64url.h"
#include "auth/signing_key.h"
#include "promise.h"
#include "targets.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ocilot::fuzz {

namespace {

using Json = nlohmann::json;

// RFC 7515, appendix A.3: the only tokens of this key that the fuzzer can come by.
constexpr std::string_view trusted =
    R"({"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

constexpr Time now{std::chrono::seconds(1'800'000'000)};

auth::JwtRules const& rules() {
    static auth::JwtRules const all{"joe", "registry", auth::allowed_algorithms({}).value()};
    return all;
}

auth::PublicKeys const& trusted_keys() {
    static auth::PublicKeys const keys = [] {
        auth::PublicKeys made;
        promise(made.add_jwks(trusted).has_value(), "the key is one");
        return made;
    }();
    return keys;
}

void refuse(Result<auth::Claims> const& verified, char const* promised) {
    promise(verified.has_error(), promised);
    promise(verified.error().code == Errc::unauthorized, "a bad token is no credential");
}

void as_token(std::string_view input) {
    refuse(auth::verify_jwt(input, trusted_keys(), rules(), now), "nobody forges a signature");
    auto const peeked = auth::peek_jwt(input);
    if (peeked.has_error())
        promise(peeked.error().code == Errc::unauthorized, "a bad token is no credential");
}

void as_header(std::string_view input) {
    auto const token = auth::to_base64url(input) + "." + auth::to_base64url(R"({"iss":"joe"})") + ".AAAA";
    refuse(auth::verify_jwt(token, trusted_keys(), rules(), now), "no header makes a signature needless");
}

void as_claims(std::string_view input) {
    static auto const signer = auth::SigningKey::make().value();
    static auth::PublicKeys const keys = [] {
        auth::PublicKeys made;
        made.add(signer.public_key());
        return made;
    }();
    auto const verified = auth::verify_jwt(signer.sign(input).value(), keys, rules(), now);
    if (verified.has_error()) {
        promise(verified.error().code == Errc::unauthorized, "a bad token is no credential");
        return;
    }
    auto const json = Json::parse(input);
    promise(verified->json == input, "the claims are those that were signed");
    promise(json["iss"] == "joe", "a token is of the issuer");
    promise(json["aud"] == "registry" || std::ranges::count(json["aud"], Json("registry")) > 0,
            "a token is for the audience");
    promise(json["exp"].is_number() && verified->expires_at + rules().leeway > now, "a token is in force");
    for (auto const& resource : verified->access)
        promise(!resource.rights.allow(policy::Action::admin), "no token makes an administrator");
}

void as_keys(std::string_view input) {
    auth::PublicKeys keys;
    if (keys.add_jwks(input).has_value()) promise(keys.size() > 0, "a JWKS holds a key");
    auth::PublicKeys of_pem;
    static_cast<void>(of_pem.add_pem(input));
}

}  // namespace

void jwt(std::string_view input) {
    as_token(input);
    as_header(input);
    as_claims(input);
    as_keys(input);
}

}  // namespace ocilot::fuzz
