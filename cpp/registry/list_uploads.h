#pragma once

#include "registry/registry.h"

#include <optional>
#include <vector>

namespace ocilot::registry {

// Unfinished uploads as an administrator sees them. A blob that comes in one request without a session is
// none.

/// An upload session that holds bytes.
struct UnfinishedUpload {
    meta::UploadFact fact;     ///< with the bytes and the last write of now, as far as this process knows
    meta::UploadCursor place;  ///< of the walk: it stays when bytes arrive
    bool receiving = false;    ///< a request of this process is writing to it
};

/// At most `limit` after `place`, in all repositories or in one; those first whose last recorded byte came
/// longest ago.
Task<Result<std::vector<UnfinishedUpload>>> list_uploads(Registry& registry,
                                                         std::optional<oci::RepositoryName> repository,
                                                         std::optional<meta::UploadCursor> place,
                                                         std::size_t limit);

/// Ends a session, whoever opened it, and removes its bytes; answers what it was. upload_unknown; upload_busy
/// if a request is writing to it.
Task<Result<meta::UploadFact>> remove_upload(Registry& registry, Uuid id);

}  // namespace ocilot::registry
