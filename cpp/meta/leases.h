#pragma once

#include "base/result.h"
#include "base/task.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::meta {

/// The right of one holder to do what only one may do at a time.
struct Lease {
    std::string name;    ///< of what only one may do
    std::string holder;  ///< unique among all processes that share the metadata
    /// Grows with each acquisition of that name. A write that only the holder may make names its epoch and is
    /// refused if a later one exists: a holder that was stopped and goes on cannot do harm.
    std::uint64_t epoch = 0;
};

/// Who of several processes on the same metadata does what only one may do at a time. Thread-safe; Tasks may
/// come from any I/O context.
///
/// One process alone: its own parts exclude each other; a lease ends with release or with the process, so
/// that nothing has to be stored and nothing expires. Several processes: a lease also ends when its time to
/// live has passed, by the clock of the database, since it was acquired or last renewed; its holder must
/// assume that earlier than the database does, and stop.
class Leases {
  public:
    virtual ~Leases() = default;

    /// The lease, or nullopt while another holder has it. A holder that has it already gets a new one in its
    /// place, with a higher epoch.
    virtual Task<Result<std::optional<Lease>>> acquire(std::string_view name, std::string_view holder,
                                                       std::chrono::seconds time_to_live) = 0;
    /// Lets it live on from now. False if it is not this lease that is held: it was lost.
    virtual Task<Result<bool>> renew(Lease const& lease, std::chrono::seconds time_to_live) = 0;
    /// Ends it; succeeds, without effect on others, if it was lost.
    virtual Task<Result<>> release(Lease const& lease) = 0;
};

}  // namespace ocilot::meta
