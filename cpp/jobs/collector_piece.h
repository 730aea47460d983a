#pragma once

#include "jobs/collector.h"
#include "registry/sessions.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ocilot::jobs {

/// Candidates that are to go, and how far that is.
struct Collector::Piece {
    std::optional<oci::RepositoryName> repository = {};
    std::vector<oci::Digest> condemned = {};       ///< that are to be purged
    std::vector<meta::Candidate> candidates = {};  ///< whose bytes are to go
    /// Some are of a round that was interrupted: that bytes are gone already is no fault.
    bool interrupted = false;
    /// Their pushes wait.
    std::vector<std::unique_ptr<registry::Pushes::Inspection>> inspections = {};
    std::vector<oci::Digest> unheld = {};  ///< the bytes of these are to be removed
    std::vector<oci::Digest> later = {};   ///< the bytes of these could not be
    [[nodiscard]] bool empty() const noexcept { return condemned.empty() && candidates.empty(); }
    /// Whether the other one stops pushes of a digest of this. Within one repository each is one candidate.
    [[nodiscard]] bool meets(Piece const& other) const;
};

/// The pieces under way, each by what was done last with it.
struct Collector::Belt {
    Piece reviewed = {};
    Piece purged = {};
    Piece stopped = {};
    Piece removed = {};

    [[nodiscard]] bool empty() const noexcept {
        return reviewed.empty() && purged.empty() && stopped.empty() && removed.empty();
    }

    /// One step, with `next` at the start. Those before `stopped` stay where they are if they wait for it.
    void move_on(Piece next, bool waits) {
        removed = std::move(stopped);
        stopped = waits ? Piece() : std::exchange(purged, std::exchange(reviewed, std::move(next)));
    }
};

}  // namespace ocilot::jobs
