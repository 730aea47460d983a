#include "auth/token_claims.h"

#include "auth/access_claim.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace ocilot::auth {

namespace {

using nlohmann::json;
using policy::CallerKind;

constexpr std::array kinds{CallerKind::anonymous, CallerKind::user,        CallerKind::robot,
                           CallerKind::federated, CallerKind::certificate, CallerKind::local};

/// What a token depends on, by the name of its claim.
constexpr std::array marks{std::pair{"account", &TokenSubject::account},
                           std::pair{"secret", &TokenSubject::secret},
                           std::pair{"file", &TokenSubject::htpasswd_fingerprint}};

std::optional<CallerKind> parse_kind(std::string_view word) noexcept {
    for (auto const kind : kinds) {
        if (policy::to_string(kind) == word) return kind;
    }
    return std::nullopt;
}

json actions_of(policy::Rights rights) {
    auto words = json::array();
    auto const text = rights.str();
    for (std::string_view rest = text; !rest.empty();) {
        auto const end = rest.find(',');
        words.push_back(std::string(rest.substr(0, end)));
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
    }
    return words;
}

json access_of(std::vector<Resource> const& resources) {
    auto access = json::array();
    for (auto const& one : resources) {
        auto const actions = one.catalog() ? json::array({"*"}) : actions_of(one.rights);
        access.push_back({{"type", one.type}, {"name", one.name}, {"actions", actions}});
    }
    return access;
}

std::int64_t seconds_of(Time time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

Error not_ours() {
    return {Errc::unauthorized, "not a token of this registry"};
}

}  // namespace

std::string to_claims_json(TokenPayload const& token) {
    auto const& caller = token.subject.caller;
    json own = {{"kind", std::string(policy::to_string(caller.kind))}};
    if (!caller.groups.empty()) own["groups"] = caller.groups;
    if (caller.admin) own["admin"] = true;
    for (auto const& [name, member] : marks) {
        if (!(token.subject.*member).empty()) own[name] = token.subject.*member;
    }
    if (caller.owner_limit) own["limited"] = true;
    json const claims = {{"iss", token.service},
                         {"sub", caller.name},
                         {"aud", token.service},
                         {"iat", seconds_of(token.issued_at)},
                         {"nbf", seconds_of(token.issued_at)},
                         {"exp", seconds_of(token.issued_at + token.life)},
                         {"jti", token.id},
                         {"access", access_of(token.access)},
                         {"ocilot", std::move(own)}};
    return claims.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<TokenSubject> parse_token_claims(jose::Claims const& claims) {
    auto const all = json::parse(claims.json, nullptr, false);
    auto const own = all.is_object() ? all.value("ocilot", json()) : json();
    if (!own.is_object() || !own.contains("kind") || !own["kind"].is_string()) return not_ours();
    auto const kind = parse_kind(own["kind"].get<std::string>());
    if (!kind || (*kind == CallerKind::anonymous) != claims.subject.empty()) return not_ours();
    TokenSubject subject;
    subject.caller.name = claims.subject;
    subject.caller.kind = *kind;
    subject.caller.admin = own.contains("admin") && own["admin"] == json(true);
    for (auto const& [name, member] : marks) {
        if (!own.contains(name)) continue;
        // One of another version of this registry is worth nothing rather than more.
        if (!own[name].is_string() || own[name] == "") return not_ours();
        subject.*member = own[name].get<std::string>();
    }
    if (own.contains("groups") && own["groups"].is_array()) {
        for (auto const& group : own["groups"]) {
            if (group.is_string()) subject.caller.groups.push_back(group.get<std::string>());
        }
    }
    TRY(auto const access, access_claim(claims));
    subject.caller.limit = credential_scope(access);
    // What exactly they are limited to, only a secret of an account says.
    if (own.contains("limited")) subject.caller.owner_limit = subject.caller.limit;
    return subject;
}

}  // namespace ocilot::auth
