#pragma once

#include "base/log.h"
#include "base/result.h"
#include "blob/upkeep.h"

#include <string>

namespace ocilot::server {

/// Whether all blobs in the data directory `root` are of its metadata, in the file `database`, which may be
/// about to be made: only then are blobs garbage that the metadata do not name. Metadata that are made beside
/// blobs know nothing of them: a file remembers that, and the log says what to do. config if it cannot be
/// written.
Result<bool> owns_blobs(std::string const& root, std::string const& database, blob::BlobUpkeep& blobs,
                        Log const& log);

}  // namespace ocilot::server
