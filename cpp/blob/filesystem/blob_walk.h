#pragma once

#include "blob/filesystem/files.h"
#include "blob/upkeep.h"

#include <optional>

namespace ocilot::blob {

/// Walks over the directory `blobs` (see DataDirectory): at most `limit` blobs after `after`, in order, and
/// what lies between them and is none. Holds the names of one directory of 1/256 of the blobs at a time.
Result<Listing> walk_blobs(Files& files, int blobs, std::optional<oci::Digest> const& after,
                           std::size_t limit);

}  // namespace ocilot::blob
