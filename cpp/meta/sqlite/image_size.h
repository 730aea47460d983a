#pragma once

#include "meta/facts.h"
#include "meta/sqlite/db.h"

#include <cstdint>

namespace ocilot::meta {

/// Bytes of an image: of the manifest, the blobs that it names, and the images that it names and the
/// repository holds. See NewManifest::blobs_size.
Result<std::int64_t> image_size_of(SqliteDb& db, std::int64_t repository, NewManifest const& manifest);

}  // namespace ocilot::meta
