#pragma once

#include "base/clock.h"
#include "jobs/round.h"
#include "meta/journal.h"

#include <chrono>
#include <cstddef>

namespace ocilot::jobs {

/// Forgets entries of the journal older than `age`, in pieces that let other writes through. Answers how many
/// went.
Task<Result<std::size_t>> forget_journal(meta::Journal& journal, Clock const& clock, std::chrono::seconds age,
                                         Round const& round);

}  // namespace ocilot::jobs
