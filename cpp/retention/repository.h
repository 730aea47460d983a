#pragma once

#include "base/clock.h"
#include "oci/descriptor.h"
#include "oci/name.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::retention {

/// Place of an entry in its list.
using Index = std::uint32_t;
inline constexpr Index no_index = std::numeric_limits<Index>::max();

struct TagEntry {
    std::string name;
    Index manifest = no_index;
    Time pushed_at{};                    ///< when a client last set it
    bool subject_restorable = false;     ///< it stands for referrers of a manifest that can be restored
    std::optional<Time> pulled_at = {};  ///< last, by this tag
    std::uint64_t pulls = 0;             ///< by this tag
};

struct ManifestEntry {
    oci::Digest digest;
    std::uint64_t size = 0;  ///< bytes
    Time pushed_at{};
    std::optional<Time> pulled_at = {};    ///< last, by its digest or by a tag
    std::optional<Time> released_at = {};  ///< when its last tag or parent went; unknown: now
    std::optional<oci::Digest> subject = {};
    bool subject_restorable = false;  ///< it was deleted and can be restored
    std::string artifact_type = {};
    oci::Annotations annotations = {};
    std::string media_type = {};
    std::optional<oci::Annotations> labels = {};  ///< of the image; nullopt: not read, or cannot be
};

struct BlobEntry {
    oci::Digest digest;
    std::uint64_t size = 0;  ///< bytes
};

/// The lists that `images_in_use` hooks answer have this before the name of the script as their place.
inline constexpr std::string_view hook_list_prefix = "hook:";

/// What `retain` hooks say about the tags of a repository.
struct HookVerdict {
    std::map<std::string, std::string, std::less<>> kept = {};  ///< tags, each with the script that keeps it
    std::string failure = {};  ///< why the hooks could not be asked: then everything stays
};

/// A repository as it is at one time: what rules select from.
struct Repository {
    oci::RepositoryName name;
    std::optional<Time> pulls_counted_since = {};  ///< none: they are not counted
    std::vector<TagEntry> tags = {};
    std::vector<ManifestEntry> manifests = {};          ///< by digest
    std::vector<BlobEntry> blobs = {};                  ///< by digest
    std::vector<std::pair<Index, Index>> parents = {};  ///< a manifest, and one that lists it; sorted
    std::vector<std::pair<Index, Index>> holders = {};  ///< a blob, and a manifest that names it; sorted
    /// Tags and digests that deployments use, by the place of the list that names them.
    std::set<std::pair<std::string, std::string>> in_use = {};
    HookVerdict hooks = {};

    /// The lists of hooks in `in_use`; borrowed.
    [[nodiscard]] std::vector<std::string_view> hook_lists() const;
    /// no_index if there is none.
    [[nodiscard]] Index find_manifest(oci::Digest const& digest) const noexcept;
};

/// The subject that a tag `sha256-<hex>` or `sha256-<hex>.sig` stands for (distribution-spec, "Referrers Tag
/// Schema", and what cosign appends); nullopt for any other tag.
[[nodiscard]] std::optional<oci::Digest> subject_of_tag(std::string_view tag);

}  // namespace ocilot::retention
