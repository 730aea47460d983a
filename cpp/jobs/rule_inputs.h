#pragma once

#include "jobs/image_labels.h"
#include "jobs/in_use_lists.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ocilot::jobs {

/// Reads what rules are evaluated on, as of one time: repositories, lists of what is in use, labels of
/// images, and what `retain` hooks keep. Parts, rules, configurations and round are borrowed.
class RuleInputs {
  public:
    RuleInputs(RetentionParts parts, RetentionRules const& rules, ImageConfigs& configs, Time at,
               Round const& round)
        : parts_(parts), rules_(rules), configs_(configs), at_(at), round_(round), unread_(parts.registry) {}

    /// Records pulls, and reads what is in use, which all repositories need. Errors as read_in_use.
    Task<Result<>> begin(InUseSource source = InUseSource::all);
    /// What is in use is read again if it is older than a minute: where there are many repositories, an image
    /// may be deployed meanwhile.
    Task<Result<retention::Repository>> read(oci::RepositoryName name);
    /// The same without asking hooks.
    Task<Result<retention::Repository>> read_content(oci::RepositoryName name);
    [[nodiscard]] Time at() const noexcept { return at_; }

  private:
    /// Also those that another work records now.
    Task<Result<>> record_all_pulls();
    Task<Result<>> read_uses();

    RetentionParts parts_;
    RetentionRules const& rules_;
    ImageConfigs& configs_;
    Time at_;
    Round const& round_;
    UnreadReleases unread_;
    InUseSource source_ = InUseSource::all;
    Time read_at_ = {};
    InUseLists lists_;
    Aliases aliases_;
};

}  // namespace ocilot::jobs
