#pragma once

#include "base/result.h"
#include "policy/caller.h"
#include "policy/subject.h"

#include <map>
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

}  // namespace ocilot::policy
