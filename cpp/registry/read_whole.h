#pragma once

#include "blob/store.h"

#include <string>

namespace ocilot::registry {

/// All bytes of a small blob. io if they are not those of the digest.
Task<Result<std::string>> read_whole(blob::Blob& blob, oci::Digest const& digest);

}  // namespace ocilot::registry
