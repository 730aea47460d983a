#pragma once

#include "jobs/collector.h"
#include "registry/sessions.h"

#include <memory>
#include <vector>

namespace ocilot::jobs {

/// Candidates whose bytes are to go, and how far that is.
struct Collector::Piece {
    std::vector<meta::Candidate> candidates = {};
    /// Some are of a round that was interrupted: that bytes are gone already is no fault.
    bool interrupted = false;
    /// Their pushes wait.
    std::vector<std::unique_ptr<registry::Pushes::Inspection>> inspections = {};
    std::vector<oci::Digest> unheld = {};  ///< the bytes of these are to be removed
    std::vector<oci::Digest> later = {};   ///< the bytes of these could not be
    [[nodiscard]] bool empty() const noexcept { return candidates.empty(); }
    /// Whether the other one stops pushes of a digest of this. Within one repository each is one candidate.
    [[nodiscard]] bool meets(Piece const& other) const;
};

}  // namespace ocilot::jobs
