#include "auth/rules.h"

#include "base/quote.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ocilot::auth {

namespace {

using policy::Action;
using policy::Caller;
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

}  // namespace

Result<Rules::Grant> Rules::grant(std::string_view subject_text, std::vector<std::string> const& rights) {
    TRY(auto found, policy::Subject::parse(subject_text));
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

void Rules::sort() {
    // Earlier rules stay before later ones that are as long.
    std::ranges::stable_sort(places_, [](Place const& a, Place const& b) { return a.literals > b.literals; });
}

Result<Rules> Rules::compile(std::vector<RuleText> const& rules, Groups const& groups) {
    Rules made;
    TRY(made.groups_, policy::GroupMembers::compile(groups));
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

bool Rules::fits(policy::Subject const& subject, Caller const& caller) const {
    // What anonymous callers may, everybody may.
    return subject.kind() == policy::Subject::Kind::anonymous || groups_.fits(subject, caller);
}

RuleDecision Rules::decide_at(Place const* place, Caller const& caller, Action action) const {
    RuleDecision rule_decision;
    if (place == nullptr) return rule_decision;
    rule_decision.rule = place->rule + 1;
    rule_decision.pattern = place->pattern.str();
    for (auto const& grant : rules_[place->rule]) {
        if (!fits(grant.subject, caller)) continue;
        rule_decision.rights.add(grant.rights);
        rule_decision.by.push_back(grant.subject.text());
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
