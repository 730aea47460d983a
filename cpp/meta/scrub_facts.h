#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "oci/digest.h"

#include <cstdint>
#include <optional>

namespace ocilot::meta {

/// How far the scrub has come: through `after`, or to the end of a round if there is none.
struct ScrubPosition {
    std::optional<oci::Digest> after;
    Time noted_at;
};

/// What the scrub keeps: the digests whose bytes were found to be wrong, and its place. A quarantined digest
/// is unknown to the Catalog; the link or the manifest that brings it again ends its quarantine in the same
/// transaction. Quarantine is mutable (see MetaStore): it may begin or end with any commit, and both move the
/// version of every repository. Thread-safe; Tasks may come from any I/O context.
class ScrubFacts {
  public:
    virtual ~ScrubFacts() = default;

    /// Durable when it returns; a digest that is quarantined already stays so.
    virtual Task<Result<>> quarantine(oci::Digest const& digest, Time now) = 0;
    /// Ends a quarantine; succeeds if there is none.
    virtual Task<Result<>> release(oci::Digest const& digest) = 0;
    virtual Task<Result<bool>> is_quarantined(oci::Digest const& digest) = 0;
    /// How many digests are quarantined now.
    virtual Task<Result<std::uint64_t>> quarantined() = 0;

    virtual Task<Result<>> save_position(ScrubPosition position) = 0;
    /// None if there never was one.
    virtual Task<Result<std::optional<ScrubPosition>>> position() = 0;
};

}  // namespace ocilot::meta
