#pragma once

#include "base/result.h"
#include "oci/name.h"
#include "oci/repository_pattern.h"
#include "policy/caller.h"
#include "policy/group_members.h"
#include "policy/subject.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ocilot::auth {

/// One rule as an operator writes it (`ocilot.access`).
struct RuleText {
    std::vector<std::string> repositories;  ///< patterns
    /// Subject and rights: `group:team`, `pull`, `push`.
    std::vector<std::pair<std::string, std::vector<std::string>>> allow;
};

using Groups = policy::Groups;

/// What the rules say, and which of them.
struct RuleDecision {
    bool allowed = false;
    std::size_t rule = 0;              ///< counted from 1; 0: none is about this
    std::string pattern = {};          ///< the one that decided
    policy::Rights rights = {};        ///< all that the caller has there
    std::vector<std::string> by = {};  ///< the subjects that gave them
};

/// Who may do what where. Of the rules with a pattern that matches, the one with the longest decides alone
/// (most characters that are no `*`; then the earlier rule); in it the rights of all subjects that fit are
/// joined. What anonymous callers may, everybody may; whoever is `admin` in the rule for `**` may do
/// everything everywhere. Immutable.
class Rules {
  public:
    /// config with the rule's number and what is wrong with it.
    static Result<Rules> compile(std::vector<RuleText> const& rules, Groups const& groups);
    /// For a registry that has none: whoever logged in may pull, push and delete.
    static Rules without_any();

    /// Without a repository only administration is asked about: it takes `admin` in the rule for `**`.
    [[nodiscard]] RuleDecision decide(policy::Caller const& caller, policy::Access const& access) const;

    /// The groups that the configuration puts the caller into, sorted; those that he brings along are not in
    /// it.
    [[nodiscard]] std::vector<std::string> groups_of(policy::Caller const& caller) const {
        return groups_.groups_of(caller);
    }

    /// Whether any subject of any rule fits the caller.
    [[nodiscard]] bool mention(policy::Caller const& caller) const;
    /// Number of rules that were written.
    [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }

  private:
    struct Grant {
        policy::Subject subject;
        policy::Rights rights;
    };
    /// A pattern of a rule, with what all names that match begin with.
    struct Place {
        oci::RepositoryPattern pattern;
        std::string start;
        std::size_t literals;
        std::size_t rule;
    };

    static Result<Grant> grant(std::string_view subject_text, std::vector<std::string> const& rights);
    Result<> add(RuleText const& text);
    void sort();
    [[nodiscard]] Place const* place_of(oci::RepositoryName const& name) const;
    [[nodiscard]] Place const* place_of_all() const;
    [[nodiscard]] RuleDecision decide_at(Place const* place, policy::Caller const& caller,
                                         policy::Action action) const;
    [[nodiscard]] bool fits(policy::Subject const& subject, policy::Caller const& caller) const;

    std::vector<std::vector<Grant>> rules_;
    std::vector<Place> places_;                           ///< with a `*`, longest first
    std::unordered_map<std::string, std::size_t> exact_;  ///< repository to place in `exact_places_`
    std::vector<Place> exact_places_;
    policy::GroupMembers groups_;
};

/// One sentence that says what was decided and why: `rule 2 (team/**) gives user alice pull,push`.
[[nodiscard]] std::string sentence(policy::Caller const& caller, RuleDecision const& rule_decision);

/// `user alice`, `robot ci`; `anybody` for an anonymous caller.
[[nodiscard]] std::string who(policy::Caller const& caller);

}  // namespace ocilot::auth
