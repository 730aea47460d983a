#include "auth/guard.h"

#include "auth/bearer_authenticator.h"
#include "auth/logins.h"
#include "auth/refusals.h"
#include "jose/base64url.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::auth {

namespace {

using policy::Access;
using policy::Action;
using policy::Caller;
using policy::CallerKind;

constexpr std::size_t max_cached_decisions = 65'536;
constexpr std::chrono::minutes rules_hold{10};    // They are forgotten when they change.
constexpr std::chrono::seconds answers_hold{30};  // Of the gate, if it does not say how long.

Caller anonymous(std::string_view address) {
    Caller caller;
    caller.address = address;
    return caller;
}

/// What follows the scheme, whose case does not matter (RFC 9110 §11.1).
std::optional<std::string_view> after_scheme(std::string_view header, std::string_view scheme) noexcept {
    if (header.size() <= scheme.size() || header[scheme.size()] != ' ') return std::nullopt;
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        if ((header[i] | 0x20) != scheme[i]) return std::nullopt;
    }
    auto const start = header.find_first_not_of(' ', scheme.size());
    if (start == header.npos) return std::nullopt;
    return header.substr(start, header.find_last_not_of(" \t") - start + 1);
}

bool is_ping(Access const& access) noexcept {
    return !access.repository && access.action != Action::admin;
}

/// Whoever logged in may do everything without rules, but administer.
std::string why_without_rules(Caller const& caller) {
    return caller.anonymous() ? "login required" : "only administrators may";
}

/// Why, if a hook does not say.
std::string forbidden_by_policy(Access const& access) {
    return fmt::format("a policy does not allow {}; contact the operator of this registry",
                       policy::gerund_of(access));
}

}  // namespace

Guard::Guard(policy::Gate& gate) noexcept : gate_(gate) {}

Guard::Guard(GuardParts parts) : gate_(parts.gate), parts_(parts) {
    decisions_.emplace(max_cached_decisions);
    refusals_ = &parts.metrics.counter("ocilot_auth_refusals_total",
                                       "Requests of authenticated callers denied by access rules or hooks.");
    set_rules(nullptr);
}

void Guard::set_rules(std::shared_ptr<Rules const> rules) {
    has_rules_.store(rules != nullptr);
    if (!rules) rules = std::make_shared<Rules const>(Rules::without_any());
    rules_.store(std::move(rules));
    rules_generation_.fetch_add(1);
}

/// Whoever sends no Authorization: who the certificate says it is, if there is one.
Caller Guard::without_header(RequestCredentials const& presented) const {
    auto caller = anonymous(presented.address);
    if (presented.certificate.empty() || !(parts_->certificates || has_rules_.load())) return caller;
    caller.name = presented.certificate;
    caller.kind = CallerKind::certificate;
    return caller;
}

std::optional<Caller> Guard::recall(RequestCredentials const& presented) {
    if (open()) return anonymous(presented.address);
    if (presented.authorization.empty() && !presented.several) return without_header(presented);
    if (presented.several) return std::nullopt;
    if (parts_->bearer_authenticator != nullptr) {
        if (auto const token = parse_bearer(presented.authorization)) {
            return parts_->bearer_authenticator->recall(*token, presented.address);
        }
    }
    return std::nullopt;
}

Error Guard::unknown(std::string_view address, std::string why) const {
    if (parts_ && parts_->refusals != nullptr)
        parts_->refusals->note(meta::ChangeKind::login, anonymous(address), {}, {}, why);
    return {Errc::unauthorized, std::move(why)};
}

Task<Result<Caller>> Guard::identify(RequestCredentials presented) {
    if (auto recalled = recall(presented)) co_return std::move(*recalled);
    if (presented.several) {
        co_return unknown(presented.address, "duplicate Authorization header; send one");
    }
    if (parts_->anything) {
        auto caller = anonymous(presented.address);
        caller.name = "silly";
        caller.kind = CallerKind::user;
        co_return caller;
    }
    if (auto const token = parse_bearer(presented.authorization)) {
        if (parts_->bearer_authenticator == nullptr) {
            co_return unknown(presented.address,
                              "bearer tokens are not accepted; log in with user name and password");
        }
        auto verified = co_await parts_->bearer_authenticator->verify(std::string(*token),
                                                                      std::string(presented.address));
        bool const is_bad = verified.has_error() && verified.error().code == Errc::unauthorized;
        if (is_bad) co_return unknown(presented.address, verified.error().message);
        co_return verified;
    }
    auto basic = parse_basic(presented.authorization);
    if (!basic) {
        co_return unknown(presented.address,
                          "invalid Authorization header: expected Basic or Bearer credentials");
    }
    if (basic->empty()) co_return without_header(presented);
    CO_TRY(auto logged_in, co_await login(std::move(basic->name), std::move(basic->password),
                                          std::string(presented.address), std::string(presented.request)));
    co_return std::move(logged_in.caller);
}

Task<Result<Login>> Guard::login(std::string name, std::string password, std::string address,
                                 std::string request) {
    if (!parts_ || parts_->logins == nullptr) {
        co_return Error{Errc::unauthorized,
                        "passwords are not accepted; request a token from the token server"};
    }
    co_return co_await parts_->logins->login(std::move(name), std::move(password), std::move(address),
                                             std::move(request));
}

bool Guard::known_to_allow(Caller const& caller, Access const& access) {
    if (open()) return caller.admin;
    bool const gate_asks = gate_.asks(policy::Point::authorize);
    if (is_ping(access)) return !caller.anonymous() && !gate_asks;
    if (caller.limit && !caller.limit->covers(access)) return false;
    if (caller.admin) return true;
    if (tokens_decide() && caller.limit) return !gate_asks;
    DecisionKey const key(caller, access, gate_asks);
    auto const cached = decisions_->find(key, generation(), parts_->clock.now());
    return cached && cached->allowed;
}

AccessDecision Guard::decide_by_rules(Caller const& caller, Access const& access) const {
    if (is_ping(access)) return {true, {}};
    if (tokens_decide() && caller.limit) return {true, {}};
    auto const rule_decision = rules_.load()->decide(caller, access);
    if (rule_decision.allowed) return {true, {}};
    auto const why = has_rules_.load() ? sentence(caller, rule_decision) : why_without_rules(caller);
    return {false, std::make_shared<std::string const>(
                       fmt::format("{} may not {}: {}", who(caller), policy::infinitive_of(access), why))};
}

Task<Result<std::optional<AccessDecision>>> Guard::ask_gate(Caller const& caller, Access access,
                                                            Time& until) {
    CO_TRY(auto answer, co_await gate_.authorize(caller, access));
    if (!answer) co_return std::optional<AccessDecision>{};
    auto const now = parts_->clock.now();
    until = now + (answer->ttl.count() > 0 ? answer->ttl : answers_hold);
    if (answer->allowed) co_return std::optional(AccessDecision{true, {}});
    if (answer->reason.empty()) {
        answer->reason = forbidden_by_policy(access);
    }
    co_return std::optional(
        AccessDecision{false, std::make_shared<std::string const>(std::move(answer->reason))});
}

Task<Result<AccessDecision>> Guard::decide(Caller const& caller, Access access) {
    if (caller.admin) co_return AccessDecision{true, {}};
    bool const gate_asks = gate_.asks(policy::Point::authorize);
    // Where a token's own limit decides, no key holds what was decided from.
    bool const keeps = !tokens_decide();
    DecisionKey const key(caller, access, gate_asks);
    auto const now = parts_->clock.now();
    auto const before = generation();
    if (keeps) {
        if (auto cached = decisions_->find(key, before, now)) co_return std::move(*cached);
    }
    Time until = now + rules_hold;
    std::optional<AccessDecision> decided;
    if (gate_asks) {
        CO_TRY(decided, co_await ask_gate(caller, access, until));
        if (!decided) until = now + answers_hold;
    }
    if (!decided) decided = decide_by_rules(caller, access);
    if (keeps) decisions_->add(key, before, until, *decided);
    co_return std::move(*decided);
}

std::optional<std::vector<std::string>> Guard::configured_groups(Caller const& caller) const {
    if (!has_rules_.load()) return std::nullopt;
    return rules_.load()->groups_of(caller);
}

void Guard::note(Caller const& caller, Access const& access, std::string_view why) const {
    if (!caller.anonymous()) refusals_->add();
    auto const repository = access.repository ? access.repository->str() : std::string();
    auto const action = policy::to_string(access.action);
    if (parts_->refusals != nullptr)
        parts_->refusals->note(meta::ChangeKind::access, caller, repository, action, why);
    parts_->log.info("access refused", {{"user", caller.name},
                                        {"kind", policy::to_string(caller.kind)},
                                        {"peer", caller.address},
                                        {"action", action},
                                        {"repository", repository},
                                        {"reason", why}});
}

Error Guard::refused(Caller const& caller, Access const& access, AccessDecision const& decided) const {
    // Whoever shows nothing is not refused, but asked who he is.
    if (!caller.anonymous() || caller.limit) note(caller, access, *decided.reason);
    if (!caller.anonymous()) return {Errc::denied, *decided.reason};
    return {Errc::unauthorized, fmt::format("login required to {}", policy::infinitive_of(access))};
}

Task<Result<>> Guard::require_by_gate(Caller const& caller, Access access) {
    if (!gate_.asks(policy::Point::authorize)) co_return Result<>{};
    CO_TRY(auto const decision, co_await gate_.authorize(caller, access));
    if (!decision || decision->allowed) co_return Result<>{};
    co_return Error{Errc::denied, decision->reason.empty() ? forbidden_by_policy(access) : decision->reason};
}

Task<Result<>> Guard::require(Caller const& caller, Access access) {
    if (open()) {
        if (access.action == Action::admin && !caller.admin) {
            co_return Error{Errc::denied, "this registry has no accounts; use the control socket"};
        }
        co_return co_await require_by_gate(caller, access);
    }
    // Every client takes the way to log in from this one answer: whoever shows nothing is told it, even where
    // anonymous callers may pull.
    if (is_ping(access) && caller.anonymous() && !caller.limit) {
        co_return Error{Errc::unauthorized, "login required; anonymous access needs an anonymous token"};
    }
    CO_TRY(auto const decided, co_await decide(caller, access));
    if (!decided.allowed) co_return refused(caller, access, decided);
    if (caller.limit && !caller.limit->covers(access)) {
        CO_TRY(bool const is_public, co_await anonymous_may(caller, access));
        if (is_public) co_return Result<>{};
        Error limited{Errc::unauthorized,
                      fmt::format("these credentials do not allow {}; use other credentials",
                                  policy::gerund_of(access))};
        note(caller, access, limited.message);
        co_return limited;
    }
    co_return Result<>{};
}

Result<> Guard::require_catalog(Caller const& caller) const {
    if (open()) return {};
    if (caller.anonymous() && !caller.limit) {
        return Error{Errc::unauthorized, "login required to list repositories"};
    }
    if (caller.limit && !caller.limit->covers_catalog()) {
        return Error{Errc::unauthorized,
                     "these credentials do not allow listing repositories; use other credentials"};
    }
    return {};
}

Task<Result<bool>> Guard::may(Caller const& caller, Access access) {
    if (caller.limit && !caller.limit->covers(access)) {
        CO_TRY(bool const is_public, co_await anonymous_may(caller, access));
        if (!is_public) co_return false;
    }
    co_return co_await may_without_limit(caller, access);
}

Task<Result<bool>> Guard::anonymous_may(Caller const& caller, Access access) {
    if (open()) co_return false;
    auto const without_credentials = anonymous(caller.address);
    CO_TRY(auto const decided, co_await decide(without_credentials, access));
    co_return decided.allowed;
}

Task<Result<bool>> Guard::needs_wider_token(Caller const& caller, Access access) {
    if (open() || tokens_decide() || !caller.limit || caller.limit->covers(access)) co_return false;
    if (caller.owner_limit && !caller.owner_limit->covers(access)) co_return false;
    CO_TRY(bool const is_public, co_await anonymous_may(caller, access));
    if (is_public) co_return false;
    co_return co_await may_without_limit(caller, access);
}

Task<Result<bool>> Guard::may_without_limit(Caller const& caller, Access access) {
    if (open()) {
        auto const allowed = co_await require_by_gate(caller, access);
        if (allowed.has_value()) co_return true;
        if (allowed.error().code == Errc::denied) co_return false;
        co_return allowed.error();
    }
    CO_TRY(auto const decided, co_await decide(caller, access));
    co_return decided.allowed;
}

std::optional<bool> Guard::decide_without_hooks(Caller const& caller, Access const& access) {
    bool const gate_asks = gate_.asks(policy::Point::authorize);
    if (open()) return gate_asks ? std::nullopt : std::optional(true);
    if (caller.admin) return true;
    if (gate_asks) {
        if (tokens_decide()) return std::nullopt;
        auto const cached =
            decisions_->find(DecisionKey(caller, access, gate_asks), generation(), parts_->clock.now());
        return cached ? std::optional(cached->allowed) : std::nullopt;
    }
    if (is_ping(access) || (tokens_decide() && caller.limit)) return true;
    return rules_.load()->decide(caller, access).allowed;
}

Task<Result<Explanation>> Guard::explain(Caller const& caller, Access access) {
    Explanation told;
    if (open()) {
        told = {true, "default", "no access control: every caller may do everything", {}};
        co_return told;
    }
    told.rule_decision = rules_.load()->decide(caller, access);
    if (caller.admin) {
        told.allowed = true;
        told.by = "admin";
        told.sentence = fmt::format("{} is an administrator", who(caller));
        co_return told;
    }
    if (gate_.asks(policy::Point::authorize)) {
        CO_TRY(auto const answer, co_await gate_.authorize(caller, access));
        if (answer) {
            told.allowed = answer->allowed;
            told.by = "hook";
            told.sentence =
                fmt::format("hook {} {}{}{}", answer->by, answer->allowed ? "allows it" : "denies it",
                            answer->reason.empty() ? "" : ": ", answer->reason);
            co_return told;
        }
    }
    auto const decided = decide_by_rules(caller, access);
    told.allowed = decided.allowed;
    told.by = told.rule_decision.rule == 0 || !has_rules_.load() ? "default" : "rule";
    if (has_rules_.load()) {
        told.sentence = sentence(caller, told.rule_decision);
    } else {
        told.sentence = "no access rules: every authenticated caller may pull, push and delete";
    }
    co_return told;
}

std::optional<BasicCredentials> parse_basic(std::string_view authorization) {
    auto const credentials = after_scheme(authorization, "basic");
    if (!credentials) return std::nullopt;
    auto text = jose::from_base64(*credentials);
    if (!text) return std::nullopt;
    auto const colon = text->find(':');
    if (colon == text->npos || text->find('\0') != text->npos) return std::nullopt;
    return BasicCredentials{text->substr(0, colon), text->substr(colon + 1)};
}

std::optional<std::string_view> parse_bearer(std::string_view authorization) {
    auto const token = after_scheme(authorization, "bearer");
    if (!token || token->empty()) return std::nullopt;
    return token;
}

}  // namespace ocilot::auth
