#pragma once

#include "http/core/message.h"

#include <string_view>

namespace ocilot::http {

/// Whether a client takes a manifest of the stored `type`. Manifests are never converted, so the question is
/// only whether to send it: no, if the client lists other manifest types, not this one and no wildcard, or
/// refuses this one with `q=0`. `application/json` counts as a wildcard, as docker sends it that way.
[[nodiscard]] bool accepts(Request const& request, std::string_view type);

}  // namespace ocilot::http
