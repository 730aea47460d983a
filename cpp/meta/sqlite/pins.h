#pragma once

#include "meta/releases.h"
#include "meta/sqlite/db.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// Whether a list of images in use names the manifest.
Result<bool> is_pinned(SqliteDb& db, std::string_view repository, std::string_view digest);

/// See Releases::pins.
Result<std::vector<Pin>> read_pins(SqliteDb& db, std::optional<Pin> const& after, std::size_t count);
/// See Releases::pin.
Result<> change_pins(SqliteDb& db, PinChanges const& changes, Time now);

}  // namespace ocilot::meta
