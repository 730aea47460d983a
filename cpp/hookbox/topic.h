#pragma once

#include "policy/gate.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ocilot::hookbox {

/// What can be asked through the mailbox: the points of the gate, then what an operator asks.
enum class Topic : std::uint8_t {
    authenticate,
    authorize,
    admit_manifest,
    admit_blob,
    admit_tag,
    admit_delete,
    retain,
    images_in_use,
    event,
    status,
    reload,
};

/// A row of the table of topics, in the order of Topic.
struct TopicRow {
    Topic topic;
    std::string_view name;               ///< as scripts, metrics and errors call it
    std::optional<policy::Point> point;  ///< nullopt: no point of the gate
};

inline constexpr std::array topics{
    TopicRow{Topic::authenticate, "authenticate", policy::Point::authenticate},
    TopicRow{Topic::authorize, "authorize", policy::Point::authorize},
    TopicRow{Topic::admit_manifest, "admit_manifest", policy::Point::admit_manifest},
    TopicRow{Topic::admit_blob, "admit_blob", policy::Point::admit_blob},
    TopicRow{Topic::admit_tag, "admit_tag", policy::Point::admit_tag},
    TopicRow{Topic::admit_delete, "admit_delete", policy::Point::admit_delete},
    TopicRow{Topic::retain, "retain", policy::Point::retain},
    TopicRow{Topic::images_in_use, "images_in_use", policy::Point::images_in_use},
    TopicRow{Topic::event, "event", std::nullopt},
    TopicRow{Topic::status, "hooks.status", std::nullopt},
    TopicRow{Topic::reload, "hooks.reload", std::nullopt},
};

[[nodiscard]] constexpr std::size_t index(Topic topic) noexcept {
    return static_cast<std::size_t>(topic);
}
[[nodiscard]] constexpr std::string_view to_string(Topic topic) noexcept {
    return topics[index(topic)].name;
}

}  // namespace ocilot::hookbox
