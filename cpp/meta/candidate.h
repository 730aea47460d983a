#pragma once

#include "base/clock.h"
#include "oci/digest.h"

#include <string>

namespace ocilot::meta {

/// Content that may no longer be needed, to be reviewed when its grace is over.
struct Candidate {
    std::string repository;  ///< empty: the bytes of a blob, which no repository holds any more
    oci::Digest digest;
    Time released_at;  ///< when the last tag, parent or link went; when it was pushed, if `fresh`
    /// Pushed and not yet named by a manifest or a tag: the push may still be under way.
    bool fresh = false;
    /// What needed it was purged: due at once.
    bool purged = false;
    friend bool operator==(Candidate const&, Candidate const&) = default;
};

/// Which candidates are due.
struct ReviewCutoffs {
    Time released_before;
    Time fresh_before;
};

}  // namespace ocilot::meta
