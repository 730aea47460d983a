#pragma once

#include "base/result.h"
#include "base/task.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::policy {

/// What can be listened to, as scripts call it.
inline constexpr std::array<std::string_view, 15> event_points{"on_manifest_pushed",
                                                               "on_manifest_deleted",
                                                               "on_tag_moved",
                                                               "on_tag_deleted",
                                                               "on_blob_pushed",
                                                               "on_mounted",
                                                               "on_repository_created",
                                                               "on_repository_deleted",
                                                               "on_repository_renamed",
                                                               "on_collected",
                                                               "on_pulled",
                                                               "on_retention_waiting",
                                                               "on_quota_exceeded",
                                                               "on_quota_warning",
                                                               "on_refused"};

/// Who is told of what: a script with all its hooks.
struct Listener {
    std::string name;
    std::vector<std::string> points;  ///< of event_points
    /// Patterns of repositories; nullopt: all, and what is about none.
    std::optional<std::vector<std::string>> repositories = {};
    std::chrono::milliseconds deadline{5'000};  ///< for one event
    /// `robot:NAME`, `user:NAME`: what this caller does it is not told; empty: none.
    std::string caller = {};
    friend bool operator==(Listener const&, Listener const&) = default;
};

/// The news told to others, after the fact. Thread-safe.
class Feed {
  public:
    virtual ~Feed() = default;
    [[nodiscard]] virtual std::vector<Listener> listeners() const = 0;
    /// Grows whenever the listeners change.
    [[nodiscard]] virtual std::uint64_t generation() const noexcept = 0;
    /// Tells one of them; `event` is a JSON object. nullopt: it has taken note. A text: it failed, and so.
    /// unavailable if it could not be told.
    virtual Task<Result<std::optional<std::string>>> tell(Listener listener, std::string point,
                                                          std::string event) = 0;
    /// Ends what is being told: unavailable.
    virtual void end() = 0;
    /// Has `call` called, from any thread, whenever the listeners have changed; an empty one ends that.
    virtual void on_change(std::function<void()> call) = 0;
};

}  // namespace ocilot::policy
