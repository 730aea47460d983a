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
    repository_deleted,
    repository_renamed,
    pulled,
    collected,  ///< a manifest, by the garbage collection
    retention_planned,
    retention_applied,
    refused,
    webhook_test,
};

/// `manifest.pushed`, `tag.moved`, `pulled`, ...
[[nodiscard]] std::string_view to_string(Action action) noexcept;
[[nodiscard]] std::optional<Action> parse_action(std::string_view word) noexcept;

}  // namespace ocilot::events
