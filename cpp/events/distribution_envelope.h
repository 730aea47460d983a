#pragma once

#include "events/event.h"
#include "events/source.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::events {

inline constexpr std::string_view distribution_media_type =
    "application/vnd.docker.distribution.events.v1+json";

/// What distribution calls it: `push`, `pull`, `mount`, `delete`; nullopt for what it has no word for. A tag
/// that was created or moved with a manifest is part of that manifest's push.
[[nodiscard]] std::optional<std::string_view> distribution_action(Event const& event) noexcept;

/// `target.mediaType` as distribution has it: `application/octet-stream` of blobs.
[[nodiscard]] std::string_view distribution_target_type(Event const& event) noexcept;

/// `{"events": [...]}` as distribution 2.8 sends it; nullopt if none of them has an action there. A manifest
/// that was pushed with several tags is an event for each.
[[nodiscard]] std::optional<std::string> distribution_envelope(std::span<Event const> events,
                                                               Source const& source);

}  // namespace ocilot::events
