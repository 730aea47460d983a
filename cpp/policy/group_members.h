#pragma once

#include "base/result.h"
#include "policy/caller.h"
#include "policy/subject.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::policy {

/// Names of groups and who is in them: `alice` is an account or user of that name; any other subject but
/// `group:` can be a member too.
using Groups = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Who is in which group by the configuration, beside those that callers bring along. Immutable.
class GroupMembers {
  public:
    GroupMembers() = default;
    /// config with the member that is none.
    static Result<GroupMembers> compile(Groups const& groups);

    /// Whether the subject is about the caller, as one of its group, too.
    [[nodiscard]] bool fits(Subject const& subject, Caller const& caller) const;
    /// The groups that the configuration puts the caller into, sorted.
    [[nodiscard]] std::vector<std::string> groups_of(Caller const& caller) const;

  private:
    [[nodiscard]] bool is_member(std::string const& group, Caller const& caller) const;

    std::map<std::string, std::vector<Subject>> groups_;
};

/// The members that are in force now: those of the last reload of the configuration. Copies share them.
/// Thread-safe.
class GroupsInForce {
  public:
    GroupsInForce() : GroupsInForce(GroupMembers()) {}
    GroupsInForce(GroupMembers members) : current_(std::make_shared<Current>()) { set(std::move(members)); }

    void set(GroupMembers members) {
        current_->store(std::make_shared<GroupMembers const>(std::move(members)));
    }
    // As GroupMembers.
    [[nodiscard]] bool fits(Subject const& subject, Caller const& caller) const {
        return current_->load()->fits(subject, caller);
    }
    [[nodiscard]] std::vector<std::string> groups_of(Caller const& caller) const {
        return current_->load()->groups_of(caller);
    }

  private:
    using Current = std::atomic<std::shared_ptr<GroupMembers const>>;
    std::shared_ptr<Current> current_;
};

}  // namespace ocilot::policy
