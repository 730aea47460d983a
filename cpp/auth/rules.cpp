#include "auth/rules.h"

#include "base/quote.h"
#include "oci/wildcard.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ocilot::auth {

namespace {

using policy::Action;
using policy::Caller;
using policy::CallerKind;
using policy::Rights;

/// What every name that matches begins with: `team` for `team/**`, which is also `team` itself.
std::string start_of(std::string_view pattern) {
    auto const star = pattern.find('*');
    auto start = pattern.substr(0, star);
    if (star != pattern.npos && pattern.substr(star).starts_with("**") && start.ends_with('/')) {
        start.remove_suffix(1);
    }
    return std::string(start);
}

std::size_t literals_of(std::string_view pattern) noexcept {
    return pattern.size() - static_cast<std::size_t>(std::ranges::count(pattern, '*'));
}

bool is_account(CallerKind kind) noexcept {
    return kind == CallerKind::user || kind == CallerKind::robot;
}

}  // namespace

Result<Rules::Subject> Rules::subject(std::string_view text) {
    auto const colon = text.find(':');
    auto const name = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
    auto const word = text.substr(0, colon);
    auto const made = [&](Kind kind) { return Subject{kind, std::string(name), std::string(text)}; };
    if (colon == text.npos) {
        if (word == "anonymous") return made(Kind::anonymous);
        if (word == "everyone") return made(Kind::everyone);
    } else if (!name.empty()) {
        if (word == "user") return made(Kind::user);
        if (word == "group") return made(Kind::group);
        if (word == "robot") return made(Kind::robot);
        if (word == "federated") return made(Kind::federated);
        if (word == "certificate") return made(Kind::certificate);
    }
    return Error{Errc::config, fmt::format("unknown subject {}: expected anonymous, everyone, user:NAME, "
                                           "group:NAME, robot:NAME, federated:PATTERN or certificate:PATTERN",
                                           quote(text))};
}

Result<Rules::Grant> Rules::grant(std::string_view subject_text, std::vector<std::string> const& rights) {
    TRY(auto found, subject(subject_text));
    Grant grant{std::move(found), {}};
    for (auto const& word : rights) {
        auto const right = Rights::parse(word);
        if (!right) {
            return Error{Errc::config,
                         fmt::format("unknown right {} of {}: expected pull, push, create, delete or admin",
                                     quote(word), subject_text)};
        }
        grant.rights.add(*right);
    }
    return grant;
}

Result<> Rules::add(RuleText const& text) {
    auto const number = rules_.size() + 1;
    auto const wrong = [&](Error const& error) {
        return Error{Errc::config, fmt::format("rule {} of ocilot.access: {}", number, error.message)};
    };
    std::vector<Grant> grants;
    for (auto const& [who, rights] : text.allow) {
        auto one = grant(who, rights);
        if (one.has_error()) return wrong(one.error());
        grants.push_back(std::move(*one));
    }
    for (auto const& pattern : text.repositories) {
        auto parsed = oci::RepositoryPattern::parse(pattern);
        if (parsed.has_error()) return wrong(parsed.error());
        Place place{std::move(*parsed), start_of(pattern), literals_of(pattern), rules_.size()};
        if (pattern.find('*') != pattern.npos) {
            places_.push_back(std::move(place));
        } else if (exact_.try_emplace(pattern, exact_places_.size()).second) {
            exact_places_.push_back(std::move(place));
        }
    }
    rules_.push_back(std::move(grants));
    return {};
}

Result<> Rules::add_groups(Groups const& groups) {
    for (auto const& [group, members] : groups) {
        auto& subjects = groups_[group];
        for (auto const& member : members) {
            if (member.find(':') == member.npos) {
                subjects.push_back({Kind::account, member, member});
                continue;
            }
            auto found = subject(member);
            if (found.has_error() || found->kind == Kind::group) {
                return Error{Errc::config,
                             fmt::format("invalid member {} of group {}: expected NAME, user:NAME, "
                                         "robot:NAME, federated:PATTERN or certificate:PATTERN",
                                         quote(member), group)};
            }
            subjects.push_back(std::move(*found));
        }
    }
    return {};
}

void Rules::sort() {
    // Earlier rules stay before later ones that are as long.
    std::ranges::stable_sort(places_, [](Place const& a, Place const& b) { return a.literals > b.literals; });
}

Result<Rules> Rules::compile(std::vector<RuleText> const& rules, Groups const& groups) {
    Rules made;
    CHECK(made.add_groups(groups));
    for (auto const& rule : rules) {
        CHECK(made.add(rule));
    }
    made.sort();
    return made;
}

Rules Rules::without_any() {
    return compile({{{"**"}, {{"everyone", {"pull", "push", "delete"}}}}}, {}).value();
}

bool Rules::mention(Caller const& caller) const {
    auto const fits_one = [&](Grant const& grant) { return fits(grant.subject, caller); };
    return std::ranges::any_of(rules_, [&](auto const& rule) { return std::ranges::any_of(rule, fits_one); });
}

Rules::Place const* Rules::place_of(oci::RepositoryName const& name) const {
    std::string_view const text = name.str();
    // No pattern with a star is longer than a name that it matches, or else it is as long and later.
    Place const* exact = nullptr;
    if (auto const found = exact_.find(name.str()); found != exact_.end()) {
        exact = &exact_places_[found->second];
    }
    for (auto const& place : places_) {
        if (exact != nullptr && (place.literals < exact->literals ||
                                 (place.literals == exact->literals && place.rule >= exact->rule))) {
            return exact;
        }
        if (text.starts_with(place.start) && place.pattern.matches(name)) return &place;
    }
    return exact;
}

Rules::Place const* Rules::place_of_all() const {
    for (auto const& place : places_) {
        if (place.pattern.str() == "**") return &place;
    }
    return nullptr;
}

bool Rules::is_member(std::string const& group, Caller const& caller) const {
    if (std::ranges::find(caller.groups, group) != caller.groups.end()) return true;
    auto const found = groups_.find(group);
    return found != groups_.end() &&
           std::ranges::any_of(found->second, [&](Subject const& subject) { return fits(subject, caller); });
}

bool Rules::fits(Subject const& subject, Caller const& caller) const {
    switch (subject.kind) {
        case Kind::anonymous:
            return true;
        case Kind::everyone:
            return !caller.anonymous();
        case Kind::group:
            return !caller.anonymous() && is_member(subject.name, caller);
        case Kind::user:
            return caller.kind == CallerKind::user && caller.name == subject.name;
        case Kind::robot:
            return caller.kind == CallerKind::robot && caller.name == subject.name;
        case Kind::account:
            return is_account(caller.kind) && caller.name == subject.name;
        case Kind::federated:
            return caller.kind == CallerKind::federated && oci::fits_wildcards(subject.name, caller.name);
        case Kind::certificate:
            return caller.kind == CallerKind::certificate && oci::fits_wildcards(subject.name, caller.name);
    }
    return false;
}

RuleDecision Rules::decide_at(Place const* place, Caller const& caller, Action action) const {
    RuleDecision rule_decision;
    if (place == nullptr) return rule_decision;
    rule_decision.rule = place->rule + 1;
    rule_decision.pattern = place->pattern.str();
    for (auto const& grant : rules_[place->rule]) {
        if (!fits(grant.subject, caller)) continue;
        rule_decision.rights.add(grant.rights);
        rule_decision.by.push_back(grant.subject.text);
    }
    rule_decision.allowed = rule_decision.rights.allow(action);
    return rule_decision;
}

RuleDecision Rules::decide(Caller const& caller, policy::Access const& access) const {
    bool const about_all = !access.repository;
    if (about_all && access.action != Action::admin) return {};
    auto const* const place = about_all ? place_of_all() : place_of(*access.repository);
    auto rule_decision = decide_at(place, caller, access.action);
    if (rule_decision.allowed || about_all) return rule_decision;
    // Whoever administers the registry could let himself in.
    auto by_all = decide_at(place_of_all(), caller, Action::admin);
    return by_all.allowed ? by_all : rule_decision;
}

std::string who(Caller const& caller) {
    if (caller.anonymous()) return "anonymous callers";
    return fmt::format("{} {}", policy::to_string(caller.kind), caller.name);
}

std::string sentence(Caller const& caller, RuleDecision const& rule_decision) {
    if (rule_decision.rule == 0) return fmt::format("no rule matches {}", who(caller));
    if (rule_decision.rights.empty()) {
        return fmt::format("rule {} ({}) grants {} no rights", rule_decision.rule, rule_decision.pattern,
                           who(caller));
    }
    return fmt::format("rule {} ({}) grants {} {} as {}", rule_decision.rule, rule_decision.pattern,
                       who(caller), rule_decision.rights.str(), fmt::join(rule_decision.by, ", "));
}

}  // namespace ocilot::auth
