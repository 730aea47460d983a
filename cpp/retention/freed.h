#pragma once

#include "retention/evaluate.h"

#include <vector>

namespace ocilot::retention {

/// What a repository no longer needs once the deletions of an outcome are applied.
struct Freed {
    std::vector<Index> manifests = {};
    std::vector<Index> blobs = {};  ///< that no other manifest of the repository names
};

[[nodiscard]] Freed freed_by(Outcome const& outcome, Repository const& repository);

}  // namespace ocilot::retention
