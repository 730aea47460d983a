#pragma once

#include "retention/repository.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace ocilot::retention {

/// What a repository needs less and less of while its tags go, one after the other. Borrows the repository.
class Removal {
  public:
    explicit Removal(Repository const& repository);

    /// A tag goes, and with it what nothing else needs.
    void remove_tag(Index tag);
    /// A manifest goes that has no tag, unless something needs it.
    void remove_manifest(Index manifest);

    [[nodiscard]] bool is_gone(Index manifest) const { return gone_[manifest]; }
    /// Whether manifests that went named it, and none that stays does.
    [[nodiscard]] bool is_blob_gone(Index blob) const { return holders_[blob] == 0 && named_[blob]; }
    /// Bytes of the manifests that stay and of the blobs that they name, each once.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    using Pairs = std::vector<std::pair<Index, Index>>;

    void remove_open();
    [[nodiscard]] bool is_needed(Index manifest) const;
    void forget(Index manifest);
    void follow(Pairs const& pairs, Index from);

    Repository const* repository_;
    std::vector<std::uint32_t> tags_;     // Of each manifest.
    std::vector<std::uint32_t> holders_;  // Of each blob.
    std::vector<bool> named_;             // Blobs that had a holder.
    std::vector<bool> gone_;
    std::vector<Index> subjects_;
    Pairs children_;   // Of a manifest.
    Pairs referrers_;  // Of a manifest.
    Pairs blobs_;      // Of a manifest.
    std::vector<Index> open_;
    std::uint64_t bytes_ = 0;
};

}  // namespace ocilot::retention
