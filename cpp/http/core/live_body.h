#pragma once

#include "base/task.h"

#include <optional>
#include <string>

namespace ocilot::http {

/// A body that is made while it is sent, as things happen: a stream of events. It has no length, and at most
/// one piece is in memory, however slowly the client reads. Used on the I/O thread of its connection.
class LiveBody {
  public:
    virtual ~LiveBody() = default;
    /// The next piece, when there is one: never empty, and after a bounded time, so that a client that is
    /// gone is noticed. nullopt at the end.
    virtual Task<std::optional<std::string>> next() = 0;
    /// Has next() answer with the end at once: the registry stops.
    virtual void end() noexcept = 0;
};

}  // namespace ocilot::http
