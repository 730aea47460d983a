#include "jose/jwt.h"

#include "auth/access_claim.h"
#include "jose/base64url.h"
#include "jose/signing_key.h"
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

jose::JwtRules const& rules() {
    static jose::JwtRules const all{"joe", "registry", jose::allowed_algorithms({}).value()};
    return all;
}

jose::PublicKeys const& trusted_keys() {
    static jose::PublicKeys const keys = [] {
        jose::PublicKeys made;
        promise(made.add_jwks(trusted).has_value(), "the key is one");
        return made;
    }();
    return keys;
}

void refuse(Result<jose::Claims> const& verified, char const* promised) {
    promise(verified.has_error(), promised);
    promise(verified.error().code == Errc::unauthorized, "a bad token is no credential");
}

void as_token(std::string_view input) {
    refuse(jose::verify_jwt(input, trusted_keys(), rules(), now), "nobody forges a signature");
    auto const peeked = jose::peek_jwt(input);
    if (peeked.has_error())
        promise(peeked.error().code == Errc::unauthorized, "a bad token is no credential");
}

void as_header(std::string_view input) {
    auto const token = jose::to_base64url(input) + "." + jose::to_base64url(R"({"iss":"joe"})") + ".AAAA";
    refuse(jose::verify_jwt(token, trusted_keys(), rules(), now), "no header makes a signature needless");
}

void as_claims(std::string_view input) {
    static auto const signer = jose::SigningKey::make().value();
    static jose::PublicKeys const keys = [] {
        jose::PublicKeys made;
        made.add(signer.public_key());
        return made;
    }();
    auto const verified = jose::verify_jwt(signer.sign(input).value(), keys, rules(), now);
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
    auto const access = auth::access_claim(*verified);
    if (access.has_error()) return;
    for (auto const& resource : *access)
        promise(!resource.rights.allow(policy::Action::admin), "no token makes an administrator");
}

void as_keys(std::string_view input) {
    jose::PublicKeys keys;
    if (keys.add_jwks(input).has_value()) promise(keys.size() > 0, "a JWKS holds a key");
    jose::PublicKeys of_pem;
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
