#pragma once

#include "retention/policy.h"
#include "retention/repository.h"

#include <optional>
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
    /// The last pull that was counted: by the tag, by the digest of its manifest, or of a manifest that this
    /// one lists.
    [[nodiscard]] std::optional<Time> last_pull(TagEntry const& tag) const;
    /// The same, or the push of what was not pulled since. What may have been pulled before pulls were
    /// counted counts as pulled when that began.
    [[nodiscard]] Time pulled_at(TagEntry const& tag) const;
    [[nodiscard]] Time pulled_at(Index manifest) const;
    /// Whether that is more than the beginning of counting.
    [[nodiscard]] bool is_pull_known(TagEntry const& tag) const { return pulled_at(tag) > counted_since_; }
    [[nodiscard]] bool is_pull_known(Index manifest) const { return pulled_at(manifest) > counted_since_; }

  private:
    Repository const* repository_;
    Time now_;
    Time counted_since_;
    std::vector<std::optional<Time>> manifest_pulls_;  // With those of the manifests that each lists.
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

/// What a list of images in use names: tags, also all of an image by its digest or that of a platform of it,
/// and untagged manifests.
[[nodiscard]] std::vector<Selected> select_in_use(std::string_view list, View const& view);

}  // namespace ocilot::retention
