#pragma once

#include "auth/rules.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::auth {

/// Whose pulls do not count (`ocilot.pulls.ignore`): scanners and mirrors read every image. Immutable.
class IgnoredPulls {
  public:
    /// Subjects as access rules have them, but for `anonymous` and `everyone`, and `user-agent:PATTERN`.
    /// config with what is wrong with one.
    static Result<IgnoredPulls> parse(std::vector<std::string> const& subjects, Groups const& groups);

    /// Whether the header is asked for: finding it costs a request more than all else here.
    [[nodiscard]] bool by_user_agent() const noexcept { return !user_agents_.empty(); }
    /// `user_agent`: empty if the client sent none.
    [[nodiscard]] bool contain(policy::Caller const& caller, std::string_view user_agent) const;

  private:
    std::optional<Rules> callers_;  ///< none: no caller is ignored
    std::vector<std::string> user_agents_;
};

}  // namespace ocilot::auth
