#pragma once

#include "retention/policy.h"
#include "retention/repository.h"

#include <vector>

namespace ocilot::retention {

/// What is derived from a repository once, for all rules.
class View {
  public:
    View(Repository const& repository, Time now);

    [[nodiscard]] Repository const& repository() const noexcept { return *repository_; }
    [[nodiscard]] Time now() const noexcept { return now_; }
    /// Tags that rules of tags select from: all but those that stand for referrers.
    [[nodiscard]] std::vector<Index> const& images() const noexcept { return images_; }
    /// Tags that stand for referrers of a manifest that is there or can be restored: they stay as long as it.
    [[nodiscard]] std::vector<Index> const& followers() const noexcept { return followers_; }
    /// Tags that stand for referrers of any other manifest.
    [[nodiscard]] std::vector<Index> const& orphans() const noexcept { return orphans_; }
    /// Manifests without a tag, a parent and a subject that is there or can be restored.
    [[nodiscard]] std::vector<Index> const& untagged() const noexcept { return untagged_; }

    [[nodiscard]] ManifestEntry const& manifest_of(TagEntry const& tag) const {
        return repository_->manifests[tag.manifest];
    }
    /// The last pull, or the push of what was not pulled since.
    [[nodiscard]] Time pulled_at(TagEntry const& tag) const;

  private:
    Repository const* repository_;
    Time now_;
    std::vector<Index> images_;
    std::vector<Index> followers_;
    std::vector<Index> orphans_;
    std::vector<Index> untagged_;
};

/// One of what a rule selects.
struct Selected {
    Index index = no_index;  ///< of a tag, or of a manifest that has none
    bool is_tag = true;
    std::uint32_t rank = 0;  ///< among those that were counted, from 1; 0: not counted
};

/// Everything in a repository that a rule selects, independent of other rules. What goes until a size is
/// reached is in order, the newest first.
[[nodiscard]] std::vector<Selected> select(Rule const& rule, View const& view);

}  // namespace ocilot::retention
