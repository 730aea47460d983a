#pragma once

#include "events/filter.h"
#include "http/core/live_body.h"
#include "registry/commit_waiter.h"
#include "registry/registry.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ocilot::http {

/// When a stream says something although nothing happens.
struct EventStreamTimes {
    std::chrono::milliseconds heartbeat{15'000};  ///< between two pieces, at the latest
    std::chrono::milliseconds look{2'000};  ///< between two looks for what other processes have committed
    /// After this the client has to come again, and show that it still may.
    std::chrono::milliseconds life{600'000};
};

/// Events as they happen, as server-sent events. The `id` of a message is that of its change, and only the
/// last message of a change has one: a client that comes again with it gets the rest of a change anew, and
/// misses none. What is not wanted moves the id on with a message of nothing but an id.
class EventStream final : public LiveBody {
  public:
    /// Begins after `place`.
    EventStream(registry::Registry& registry, events::Filter filter, std::int64_t place, Executor executor,
                EventStreamTimes times = {});

    /// To be told first: what came between the client's place and `place` has expired.
    void begin_with_reset();
    Task<std::optional<std::string>> next() override;
    void end() noexcept override;

  private:
    using Ticks = std::chrono::steady_clock;

    Task<std::string> frames(std::vector<meta::Change> const& changes);
    /// Nothing but a sign of life, with the place if it has moved.
    [[nodiscard]] std::string heartbeat();
    Task<Result<std::string>> look();

    registry::Registry& registry_;
    events::Filter const filter_;
    EventStreamTimes const times_;
    registry::CommitWaiter waiter_;
    std::int64_t place_;
    std::int64_t told_;  // The last id that the client got.
    std::string first_;  // To be sent at once.
    Ticks::time_point const ends_at_;
    Ticks::time_point sent_at_;
    bool ended_ = false;
};

}  // namespace ocilot::http
