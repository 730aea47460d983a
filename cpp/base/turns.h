#pragma once

#include <cstdint>

namespace ocilot {

/// How long a thread may keep a core while others wait for it.
enum class Turns : std::uint8_t {
    usual,  ///< some milliseconds, as the scheduler likes
    /// For a thread that wakes up for little work: it gets a core as soon as it wakes, not at the end of the
    /// turn of a thread that computes. What it gets of the cores altogether stays the same.
    brief,
    /// For a thread that computes for long, and may end some milliseconds later: others get a core as soon as
    /// they wake.
    patient,
};

/// Asks the scheduler for such turns of the calling thread; the threads that it starts inherit them. Needs
/// Linux 6.12: an older one, or a sandbox that refuses, changes nothing.
void take_turns(Turns turns) noexcept;

/// Patient turns of the calling thread for as long as it lives; usual ones afterwards.
class PatientTurns {
  public:
    PatientTurns() noexcept { take_turns(Turns::patient); }
    PatientTurns(PatientTurns const&) = delete;
    PatientTurns& operator=(PatientTurns const&) = delete;
    ~PatientTurns() { take_turns(Turns::usual); }
};

}  // namespace ocilot
