#include "jobs/candidates.h"

#include <algorithm>
#include <string>

namespace ocilot::jobs {

namespace {

/// Digests in the log are what was written there; one that is none is no candidate.
void add(meta::Change const& change, std::string const& digest, bool fresh,
         std::vector<meta::Candidate>& found) {
    auto const parsed = oci::Digest::parse(digest);
    if (parsed.has_value()) found.push_back({change.repository, *parsed, change.at, fresh});
}

}  // namespace

std::vector<meta::Candidate> candidates_of(meta::Change const& change) {
    std::vector<meta::Candidate> found;
    if (change.refused) return found;
    using Kind = meta::ChangeKind;
    switch (change.kind) {
        case Kind::manifest_push:
        case Kind::manifest_restore:
        case Kind::blob_push:
        case Kind::blob_mount:
        case Kind::blob_restore:
            add(change, change.digest, true, found);
            break;
        case Kind::manifest_delete:
        case Kind::blob_delete:
            add(change, change.digest, false, found);
            break;
        case Kind::tag_move:
        case Kind::tag_delete:
        case Kind::tag_restore:
            for (auto const& tag : change.details.tags) add(change, tag.previous, false, found);
            break;
        default:
            break;
    }
    return found;
}

std::span<meta::Candidate const> of_one_repository(std::span<meta::Candidate const> candidates) {
    auto const end = std::ranges::find_if(candidates, [&](meta::Candidate const& candidate) {
        return candidate.repository != candidates.front().repository;
    });
    return {candidates.begin(), end};
}

std::vector<oci::Digest> digests_of(std::span<meta::Candidate const> candidates) {
    std::vector<oci::Digest> digests;
    digests.reserve(candidates.size());
    for (auto const& candidate : candidates) digests.push_back(candidate.digest);
    return digests;
}

}  // namespace ocilot::jobs
