#pragma once

#include "base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::retention {

class Members;
struct Policy;
struct Outcome;
struct Repository;

/// Above which deletions a plan waits for an administrator.
struct Fuse {
    std::optional<unsigned> share = 25;    ///< percent of the tags of a repository
    std::optional<std::size_t> tags = {};  ///< in a plan, of all repositories of the policy
};

/// `fuse` of a policy: `25%`, `500`, or both as `{share: 25%, tags: 500}`; errors as parse_policies.
[[nodiscard]] Result<Fuse> parse_fuse(Members const& policy);

/// Which fuses a plan exceeds, counted while its repositories are decided. Borrows the policies.
class FuseCounter {
  public:
    explicit FuseCounter(std::vector<Policy> const& policies);

    void add(Repository const& repository, Outcome const& outcome);
    /// Why the plan waits, each reason a clause such as `it deletes ...`.
    [[nodiscard]] std::vector<std::string> reasons() const;

  private:
    std::vector<Policy> const* policies_;
    std::vector<std::size_t> deleted_;     // Tags, of each policy.
    std::vector<std::string> by_share_{};  // Repositories.
};

}  // namespace ocilot::retention
