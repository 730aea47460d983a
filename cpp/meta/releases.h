#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// A manifest that is needed without a tag: a list of images in use names it.
struct Pin {
    std::string repository;
    oci::Digest digest;
    friend auto operator<=>(Pin const&, Pin const&) = default;
};
struct PinChanges {
    std::vector<Pin> added = {};
    std::vector<Pin> removed = {};
};

/// What others than the collector hand to the garbage collection. Thread-safe; Tasks may come from any I/O
/// context.
class Releases {
  public:
    virtual ~Releases() = default;

    /// Adds bytes that were stored and that nothing has recorded: candidates from `now` on.
    virtual Task<Result<>> bytes(std::vector<oci::Digest> bytes, Time now) = 0;
    /// Removes a manifest for good that was deleted, or that nothing needs, whatever the grace: it cannot be
    /// restored. What only it needed, its referrers and its bytes are due at once, unless they are pushed or
    /// asked for again. conflict if something needs it, or if what names it can be restored;
    /// manifest_unknown.
    virtual Task<Result<>> image(oci::RepositoryName const& repository, oci::Digest const& digest, Actor by,
                                 Time now) = 0;

    /// At most `limit` pins after one, in order.
    virtual Task<Result<std::vector<Pin>>> pins(std::optional<Pin> after, std::size_t limit) = 0;
    /// Adds and removes pins. What is pinned is needed, whether it is there already or comes later; what is
    /// not pinned any more is a candidate from `now` on. Pins move with their repository.
    virtual Task<Result<>> pin(PinChanges changes, Time now) = 0;
};

}  // namespace ocilot::meta
