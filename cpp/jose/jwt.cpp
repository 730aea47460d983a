#include "jose/jwt.h"

#include "jose/base64url.h"
#include "jose/strict_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::jose {

namespace {

using Json = nlohmann::json;

constexpr double latest = 253402300799;  // The last second of the year 9999.

Error refused(std::string_view why) {
    return {Errc::unauthorized, fmt::format("token rejected: {}; log in again", why)};
}

/// The three parts of a compact JWS (RFC 7515 §7.1).
struct Parts {
    std::string_view header;
    std::string_view claims;
    std::string_view signature;
    std::string_view signed_text;  ///< header and claims with the dot between them
};

Result<Parts> take_apart(std::string_view token) {
    if (token.size() > longest_jwt) return refused("too long");
    if (std::ranges::count(token, '.') != 2) return refused("expected three parts separated by points");
    auto const first = token.find('.');
    auto const second = token.find('.', first + 1);
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                 token.substr(second + 1), token.substr(0, second)};
}

Result<Json> decode(std::string_view part, std::string_view what) {
    auto const text = from_base64url(part);
    if (!text) return refused(fmt::format("{} is not base64url", what));
    auto json = parse_strict_object(*text);
    if (json.has_error()) return refused(fmt::format("invalid {}: {}", what, json.error().message));
    return json;
}

/// A member that is a string, or is missing: then empty.
Result<std::string> text_of(Json const& object, char const* name) {
    auto const found = object.find(name);
    if (found == object.end()) return std::string();
    if (!found->is_string()) return refused(fmt::format("{} is not a string", name));
    return found->get<std::string>();
}

Result<std::vector<std::string>> chain_of(Json const& header) {
    std::vector<std::string> chain;
    for (auto const& item : header["x5c"]) {
        auto der = item.is_string() ? from_base64(item.get_ref<std::string const&>()) : std::nullopt;
        if (!der) return refused("x5c is not a list of certificates");
        chain.push_back(std::move(*der));
    }
    return chain;
}

/// The key that the header names, out of those that are trusted: whatever else it brings proves nothing.
Result<PublicKey> key_for(Json const& header, PublicKeys const& keys, SigningAlgorithm algorithm, Time now) {
    TRY(auto const kid, text_of(header, "kid"));
    bool const brings_own = header.contains("x5c") || header.contains("jwk");
    if (!kid.empty() || !brings_own) {
        if (auto const* const key = keys.find(kid, algorithm); key != nullptr) return *key;
    }
    if (header.contains("x5c")) {
        TRY(auto const chain, chain_of(header));
        return keys.find_by_chain(chain, now);
    }
    if (header.contains("jwk")) {
        if (auto const* const key = keys.find_same(header["jwk"].dump()); key != nullptr) return *key;
    }
    return refused("no trusted key matches its key id");
}

Result<> check_signature(Parts const& parts, PublicKeys const& keys, JwtRules const& rules, Time now) {
    TRY(auto const header, decode(parts.header, "header"));
    if (header.contains("crit")) return refused("unsupported extensions (crit) in its header");
    TRY(auto const name, text_of(header, "alg"));
    auto const algorithm = parse_signing_algorithm(name);
    if (!algorithm || std::ranges::find(rules.algorithms, *algorithm) == rules.algorithms.end())
        return refused("signature algorithm not accepted");
    TRY(auto const key, key_for(header, keys, *algorithm, now));
    auto const signature = from_base64url(parts.signature);
    if (!signature || !key.verifies(*algorithm, parts.signed_text, *signature))
        return refused("invalid signature");
    return {};
}

/// A NumericDate (RFC 7519 §2), nullopt if it is missing.
Result<std::optional<Time>> time_of(Json const& claims, char const* name) {
    auto const found = claims.find(name);
    if (found == claims.end()) return std::optional<Time>();
    if (!found->is_number()) return refused(fmt::format("{} is not a number", name));
    auto const seconds = found->get<double>();
    if (!(seconds >= 0 && seconds <= latest)) return refused(fmt::format("{} is out of range", name));
    // Whole seconds of a double below 2^38 are exact, and microseconds of it fit into 64 bits.
    return std::optional<Time>(Time(std::chrono::microseconds(std::llround(seconds * 1e6))));
}

Result<std::vector<std::string>> audience_of(Json const& claims) {
    auto const found = claims.find("aud");
    std::vector<std::string> audience;
    if (found == claims.end()) return audience;
    if (found->is_string()) return std::vector{found->get<std::string>()};
    if (!found->is_array()) return refused("aud is neither a string nor a list of strings");
    for (auto const& item : *found) {
        if (!item.is_string()) return refused("aud is neither a string nor a list of strings");
        audience.push_back(item.get<std::string>());
    }
    return audience;
}

Result<Claims> read_claims(std::string_view part) {
    TRY(auto const json, decode(part, "claims"));
    Claims claims;
    TRY(claims.issuer, text_of(json, "iss"));
    TRY(claims.subject, text_of(json, "sub"));
    TRY(claims.id, text_of(json, "jti"));
    TRY(claims.audience, audience_of(json));
    TRY(auto const expires_at, time_of(json, "exp"));
    if (!expires_at) return refused("missing exp: expected a token that expires");
    claims.expires_at = *expires_at;
    TRY(claims.not_before, time_of(json, "nbf"));
    TRY(claims.issued_at, time_of(json, "iat"));
    claims.json = from_base64url(part).value_or(std::string());
    return claims;
}

Result<> check_claims(Claims const& claims, JwtRules const& rules, Time now) {
    if (claims.issuer.empty() || claims.issuer != rules.issuer)
        return refused("issued by an issuer that is not trusted");
    if (std::ranges::find(claims.audience, rules.audience) == claims.audience.end())
        return refused("issued for another audience");
    if (now >= claims.expires_at + rules.leeway) return refused("expired");
    if (claims.not_before && now + rules.leeway < *claims.not_before) return refused("not valid yet");
    return {};
}

}  // namespace

Result<Claims> verify_jwt(std::string_view token, PublicKeys const& keys, JwtRules const& rules, Time now) {
    TRY(auto const parts, take_apart(token));
    CHECK(check_signature(parts, keys, rules, now));
    TRY(auto claims, read_claims(parts.claims));
    CHECK(check_claims(claims, rules, now));
    return claims;
}

Result<UnverifiedJwt> peek_jwt(std::string_view token) {
    TRY(auto const parts, take_apart(token));
    TRY(auto const header, decode(parts.header, "header"));
    TRY(auto const claims, decode(parts.claims, "claims"));
    UnverifiedJwt peeked;
    TRY(peeked.issuer, text_of(claims, "iss"));
    TRY(peeked.key_id, text_of(header, "kid"));
    return peeked;
}

}  // namespace ocilot::jose
