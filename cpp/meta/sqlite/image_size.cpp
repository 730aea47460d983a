#include "meta/sqlite/image_size.h"

#include "meta/sqlite/repository.h"

#include <algorithm>
#include <set>

namespace ocilot::meta {

namespace {

/// Sizes are what clients say: their sum must stay a number that all readers of JSON agree on.
constexpr std::uint64_t largest = std::uint64_t{1} << 53;

std::uint64_t sum(std::uint64_t one, std::uint64_t other) {
    return std::min(largest, std::min(largest, one) + std::min(largest, other));
}

}  // namespace

Result<std::int64_t> image_size_of(SqliteDb& db, std::int64_t repository, NewManifest const& manifest) {
    auto size = sum(manifest.fact.size, manifest.blobs_size);
    std::set<oci::Digest> seen;
    for (auto const& child : manifest.manifests) {
        if (!seen.insert(child).second) continue;
        TRY(auto const found,
            first_number(db, "SELECT image_size FROM manifest WHERE repository = ?1 AND digest = ?2",
                         {repository, child.str()}));
        size = sum(size, static_cast<std::uint64_t>(found.value_or(0)));
    }
    return static_cast<std::int64_t>(size);
}

}  // namespace ocilot::meta
