#include "retention/freed.h"

#include "retention/removal.h"

namespace ocilot::retention {

Freed freed_by(Outcome const& outcome, Repository const& repository) {
    Freed freed;
    if (!outcome.deletes()) return freed;
    Removal removal(repository);
    for (auto const& row : outcome.rows) {
        if (!row.is_deleted()) continue;
        if (row.is_tag) {
            removal.remove_tag(row.index);
        } else {
            removal.remove_manifest(row.index);
        }
    }
    for (Index index = 0; index < repository.manifests.size(); ++index) {
        if (removal.is_gone(index)) freed.manifests.push_back(index);
    }
    for (Index index = 0; index < repository.blobs.size(); ++index) {
        if (removal.is_blob_gone(index)) freed.blobs.push_back(index);
    }
    return freed;
}

}  // namespace ocilot::retention
