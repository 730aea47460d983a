#pragma once

#include "meta/change.h"

#include <chrono>
#include <string>

namespace ocilot::test {

/// A push of a manifest with a new tag, as the journal keeps it.
inline meta::Change a_push(std::string tag = "v1") {
    meta::Change change{.id = 42,
                        .at = Time(std::chrono::microseconds(1'790'000'000'123'456)),
                        .kind = meta::ChangeKind::manifest_push,
                        .by = {.name = "ann", .kind = "user", .address = "192.0.2.1", .request = "5f2a"},
                        .repository = "team/app",
                        .digest = "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
                        .media_type = "application/vnd.oci.image.manifest.v1+json",
                        .size = 1234};
    if (!tag.empty()) change.details.tags = {{std::move(tag)}};
    return change;
}

/// Pulls under a name, as a batch tells of them.
inline meta::Change a_pull(std::string tag = "v1") {
    auto change = a_push(std::move(tag));
    change.kind = meta::ChangeKind::manifest_pull;
    change.by = {};
    change.times = 3;
    return change;
}

}  // namespace ocilot::test
