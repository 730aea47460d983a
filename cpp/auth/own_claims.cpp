#include "auth/own_claims.h"

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
constexpr std::array marks{std::pair{"account", &Holder::account}, std::pair{"secret", &Holder::secret},
                           std::pair{"file", &Holder::file_mark}};

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
    return {Errc::unauthorized, "the token is not one that this registry makes"};
}

}  // namespace

std::string claims_of(OwnToken const& token) {
    auto const& caller = token.holder.caller;
    json own = {{"kind", std::string(policy::to_string(caller.kind))}};
    if (!caller.groups.empty()) own["groups"] = caller.groups;
    if (caller.admin) own["admin"] = true;
    for (auto const& [name, member] : marks) {
        if (!(token.holder.*member).empty()) own[name] = token.holder.*member;
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

Result<Holder> holder_of(jose::Claims const& claims) {
    auto const all = json::parse(claims.json, nullptr, false);
    auto const own = all.is_object() ? all.value("ocilot", json()) : json();
    if (!own.is_object() || !own.contains("kind") || !own["kind"].is_string()) return not_ours();
    auto const kind = parse_kind(own["kind"].get<std::string>());
    if (!kind || (*kind == CallerKind::anonymous) != claims.subject.empty()) return not_ours();
    Holder holder;
    holder.caller.name = claims.subject;
    holder.caller.kind = *kind;
    holder.caller.admin = own.contains("admin") && own["admin"] == json(true);
    for (auto const& [name, member] : marks) {
        if (!own.contains(name)) continue;
        // One of another version of this registry is worth nothing rather than more.
        if (!own[name].is_string() || own[name] == "") return not_ours();
        holder.*member = own[name].get<std::string>();
    }
    if (own.contains("groups") && own["groups"].is_array()) {
        for (auto const& group : own["groups"]) {
            if (group.is_string()) holder.caller.groups.push_back(group.get<std::string>());
        }
    }
    TRY(auto const access, access_claim(claims));
    holder.caller.limit = allowance_of(access);
    // What exactly they are limited to, only a secret of an account says.
    if (own.contains("limited")) holder.caller.owner_limit = holder.caller.limit;
    return holder;
}

}  // namespace ocilot::auth
