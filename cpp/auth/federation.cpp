#include "auth/federation.h"

#include "auth/claim_patterns.h"
#include "auth/resource.h"
#include "base/quote.h"
#include "jose/jwt.h"
#include "jose/strict_json.h"
#include "oci/wildcard.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace ocilot::auth {

namespace {

using Json = nlohmann::json;

constexpr std::string_view lower_case = "|lower";  // Ends a placeholder.

Error misconfigured(FederatedIssuer const& issuer, std::string_view why) {
    return {Errc::config, fmt::format("issuer {}: {}", quote(issuer.name), why)};
}

Error refused(std::string_view why) {
    return {Errc::unauthorized, fmt::format("token rejected: {}", why)};
}

Result<> check(FederatedIssuer const& issuer, FederationRule const& rule) {
    // Whoever runs a public issuer gives tokens to everybody: without claims a rule would let them all in.
    if (rule.claims.empty())
        return misconfigured(issuer, "a rule without claims would match every token: set claims");
    for (auto const& [claim, patterns] : rule.claims) {
        if (patterns.empty())
            return misconfigured(issuer,
                                 fmt::format("claim {} has no pattern: expected at least one", quote(claim)));
        if (std::ranges::find(patterns, "") != patterns.end())
            return misconfigured(issuer,
                                 fmt::format("claim {} has an empty pattern: expected text", quote(claim)));
    }
    if (rule.name.empty()) return misconfigured(issuer, "a rule has no name: set the name of the caller");
    CHECK(check_template(rule.name));
    std::vector<std::string> examples;
    for (auto const& scope : rule.scopes) {
        CHECK(check_template(scope));
        examples.push_back(
            fill_template(scope, [](auto) { return std::optional<std::string>("a"); }).value());
    }
    auto const scopes = parse_robot_scopes(examples);
    if (scopes.has_error()) return misconfigured(issuer, scopes.error().message);
    return {};
}

bool fits(Json const& claims, std::string const& name, std::vector<std::string> const& patterns) {
    auto const* const found = find_claim(claims, name);
    if (found == nullptr) return false;
    auto const one_fits = [&](Json const& value) {
        auto const text = claim_text(value);
        return text && std::ranges::any_of(patterns,
                                           [&](auto const& one) { return oci::fits_wildcards(one, *text); });
    };
    return found->is_array() ? std::ranges::any_of(*found, one_fits) : one_fits(*found);
}

bool fits(Json const& claims, FederationRule const& rule) {
    return std::ranges::all_of(rule.claims,
                               [&](auto const& claim) { return fits(claims, claim.first, claim.second); });
}

/// The text of the claim that a placeholder names; nullopt if it is missing or no single value.
std::optional<std::string> value_of(Json const& claims, std::string_view placeholder) {
    bool const lower = placeholder.ends_with(lower_case);
    if (lower) placeholder.remove_suffix(lower_case.size());
    auto const* const found = find_claim(claims, placeholder);
    auto text = found == nullptr ? std::nullopt : claim_text(*found);
    if (text && lower) {
        std::ranges::transform(*text, text->begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
    }
    return text;
}

/// What a claim says may stand in a scope only where a repository name could: it brings no pattern.
std::optional<std::string> repository_part(Json const& claims, std::string_view name) {
    auto text = value_of(claims, name);
    if (!text || oci::RepositoryName::parse(*text).has_error()) return std::nullopt;
    return text;
}

Result<policy::Caller> make_caller(FederationRule const& rule, Json const& claims) {
    auto const name = fill_template(rule.name, [&](auto claim) {
        auto text = value_of(claims, claim);
        if (text) *text = as_account_name(*text);
        return text;
    });
    if (!name) return refused("a claim in the name template of the rule is missing or not a single value");
    if (name->empty()) return refused("the name template of the rule results in an empty name");
    if (name->size() > longest_account_name)
        return refused("the name template of the rule results in a name that is too long");
    std::vector<std::string> scopes;
    for (auto const& scope : rule.scopes) {
        auto filled = fill_template(scope, [&](auto claim) { return repository_part(claims, claim); });
        if (!filled)
            return refused("a claim in a scope template of the rule is missing or not a repository name");
        scopes.push_back(std::move(*filled));
    }
    policy::Caller caller;
    TRY(caller.limit, parse_robot_scopes(scopes));
    caller.owner_limit = caller.limit;
    caller.name = *name;
    caller.groups = rule.groups;
    caller.kind = policy::CallerKind::federated;
    return caller;
}

}  // namespace

Result<Federation> Federation::make(std::vector<FederatedIssuer> issuers) {
    std::set<std::string> seen;
    for (auto const& issuer : issuers) {
        if (issuer.issuer.empty())
            return misconfigured(issuer, "missing issuer: set it to the iss of its tokens");
        if (issuer.audience.empty())
            return misconfigured(issuer,
                                 "missing audience: set it to the aud of its tokens for this registry");
        if (!seen.insert(issuer.issuer).second)
            return misconfigured(issuer, "duplicate issuer: put all rules into one entry");
        if (issuer.rules.empty()) return misconfigured(issuer, "missing rules: add at least one");
        for (auto const& rule : issuer.rules) {
            CHECK(check(issuer, rule));
        }
    }
    return Federation(std::move(issuers));
}

FederatedIssuer const* Federation::issuer(std::string_view iss) const noexcept {
    auto const found = std::ranges::find(issuers_, iss, &FederatedIssuer::issuer);
    return found == issuers_.end() ? nullptr : &*found;
}

Result<policy::Caller> Federation::caller(FederatedIssuer const& issuer, std::string_view claims_json) const {
    auto const claims = jose::parse_strict_object(claims_json);
    if (claims.has_error()) return refused("invalid claims: " + claims.error().message);
    auto const rule = std::ranges::find_if(issuer.rules, [&](auto const& one) { return fits(*claims, one); });
    if (rule == issuer.rules.end())
        return refused(fmt::format("no rule of issuer {} matches its claims", quote(issuer.name)));
    return make_caller(*rule, *claims);
}

Task<Result<FederatedLogin>> Federation::login(std::string token, KeySource& keys, Time now) const {
    CO_TRY(auto const peeked, jose::peek_jwt(token));
    auto const* const believed = issuer(peeked.issuer);
    if (believed == nullptr) co_return refused("its issuer is not configured");
    auto asked = keys.keys(believed->issuer, peeked.key_id);
    CO_TRY(auto const trusted, co_await std::move(asked));
    jose::JwtRules const rules{believed->issuer, believed->audience, jose::allowed_algorithms({}).value()};
    CO_TRY(auto const claims, jose::verify_jwt(token, *trusted, rules, now));
    CO_TRY(auto who, caller(*believed, claims.json));
    co_return FederatedLogin{std::move(who), believed->name, claims.subject, claims.expires_at};
}

}  // namespace ocilot::auth
