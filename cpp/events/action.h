#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ocilot::events {

/// What happened, as receivers see it.
enum class Action : std::uint8_t {
    manifest_pushed,
    manifest_deleted,
    manifest_restored,
    tag_created,
    tag_moved,
    tag_deleted,
    tag_restored,
    blob_pushed,
    blob_mounted,
    blob_deleted,
    blob_restored,
    repository_created,  ///< its first manifest was pushed
    repository_deleted,
    repository_renamed,
    pulled,
    collected,  ///< a manifest, by the garbage collection
    retention_planned,
    retention_waiting,  ///< a scheduled plan, for an administrator
    retention_applied,
    collection_finished,  ///< a round that removed something
    quota_exceeded,
    quota_warning,  ///< it is nearly used up
    refused,
    webhook_test,
};

/// `manifest.pushed`, `tag.moved`, `pulled`, ...
[[nodiscard]] std::string_view to_string(Action action) noexcept;
[[nodiscard]] std::optional<Action> parse_action(std::string_view word) noexcept;

}  // namespace ocilot::events
