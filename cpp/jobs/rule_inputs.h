#pragma once

#include "jobs/image_labels.h"
#include "jobs/retention_rules.h"

namespace ocilot::jobs {

/// Reads what rules are evaluated on, as of one time: repositories, lists of what is in use, labels of images,
/// and what `retain` hooks keep. Parts, rules, configurations and round are borrowed.
class RuleInputs {
  public:
    RuleInputs(RetentionParts parts, RetentionRules const& rules, ImageConfigs& configs, Time at,
               Round const& round)
        : parts_(parts), rules_(rules), configs_(configs), at_(at), round_(round), unread_(parts.registry) {}

    /// The lists, which all repositories need. Errors as read_lists.
    Task<Result<>> begin();
    Task<Result<retention::Repository>> read(oci::RepositoryName name);
    [[nodiscard]] Time at() const noexcept { return at_; }

  private:
    RetentionParts parts_;
    RetentionRules const& rules_;
    ImageConfigs& configs_;
    Time at_;
    Round const& round_;
    UnreadReleases unread_;
    InUseLists lists_;
};

}  // namespace ocilot::jobs
