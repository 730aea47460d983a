#pragma once

#include "oci/digest.h"

#include <string>

namespace ocilot::blob {

// Where a blob is, relative to the directory of the blobs (see DataDirectory).

/// The name of a blob's file within the blob's directory.
inline constexpr auto const* data_name = "data";

/// `<algorithm>/<2 hex>`.
[[nodiscard]] std::string shard_of(oci::Digest const& digest);
/// `<algorithm>/<2 hex>/<hex>`.
[[nodiscard]] std::string directory_of(oci::Digest const& digest);
/// `<algorithm>/<2 hex>/<hex>/data`.
[[nodiscard]] std::string path_of(oci::Digest const& digest);

}  // namespace ocilot::blob
