#pragma once

#include "base/clock.h"
#include "base/request_record.h"
#include "base/uuid.h"
#include "meta/push_limits.h"
#include "meta/tag_condition.h"
#include "oci/descriptor.h"
#include "oci/name.h"
#include "oci/tag.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// A slice of a sorted list: what comes after `after` (exclusive, need not exist), at most `limit` entries.
struct Page {
    std::optional<std::string> after;
    std::size_t limit = 0;
};

/// Entries in byte order and whether more follow.
template <class T>
struct Slice {
    std::vector<T> items;
    bool more = false;
};

/// What made a job of the registry change something; empty: it does not say.
struct Cause {
    std::string id = {};    ///< of what was carried out: a retention plan
    std::string rule = {};  ///< that selected it, as explanations name it
    friend bool operator==(Cause const&, Cause const&) = default;
};

/// Who changes something, and on which occasion: for the journal and the histories.
struct Actor {
    std::string name = {};     ///< empty for anonymous
    std::string kind = {};     ///< `user`, `robot`, ...: policy::to_string of a CallerKind
    std::string address = {};  ///< numeric
    std::string request = {};  ///< id of the request, as the log has it; empty for what no request does
    std::shared_ptr<RequestRecord const> http =
        {};                                ///< null for what no request does, and where it is not known
    std::vector<std::string> groups = {};  ///< the first, see told_groups()
    std::string token = {};                ///< id of the access token that was shown; empty: none
    Cause cause = {};
    friend bool operator==(Actor const& a, Actor const& b) {
        bool const same = a.http == b.http || (a.http && b.http && *a.http == *b.http);
        return same && a.name == b.name && a.kind == b.kind && a.address == b.address &&
               a.request == b.request && a.groups == b.groups && a.token == b.token && a.cause == b.cause;
    }
};

/// What is known of a manifest in a repository. It never changes while the repository holds the manifest:
/// size follows from the digest (immutable); the media type is that of the first push, and may be another
/// after the manifest was removed and pushed again (fixed).
struct ManifestFact {
    oci::Digest digest;
    std::string media_type;
    std::uint64_t size = 0;  ///< bytes
};

/// A manifest as a list of referrers shows it: all of it follows from the digest, but for the media type.
/// Borrowed from the store.
struct ReferrerRow {
    std::string_view digest;
    std::string_view media_type;
    std::uint64_t size = 0;             ///< bytes
    std::string_view artifact_type;     ///< may be empty
    std::string_view annotations_json;  ///< an object of strings; `{}` for none
};
/// Called with one row after the other; false if it did not take this one and wants no more. Must not ask the
/// store anything.
using ReferrerVisitor = std::function<bool(ReferrerRow const&)>;

/// Where a tag pointed when somebody looked (mutable); nullopt: there was none that could be pulled. A write
/// that gets it fails if it is no longer so.
struct ExpectedTag {
    oci::Tag tag;
    std::optional<oci::Digest> digest;
};

/// A manifest to be recorded, with everything the same transaction has to know.
struct NewManifest {
    oci::RepositoryName repository;
    ManifestFact fact;
    /// Must be linked (blobs) or recorded (manifests) in the repository, or nothing is recorded.
    std::vector<oci::Digest> required_blobs;
    std::vector<oci::Digest> required_manifests;
    /// What it names whether present or not; kept as edges. Includes the required ones.
    std::vector<oci::Digest> blobs;
    std::vector<oci::Digest> manifests;
    /// Bytes of the blobs that it names, each once, as it says. Makes with its own bytes and those of the
    /// images that it names the size of an image: what a client needs to pull, whoever holds it. An index
    /// keeps what it had when it was first pushed.
    std::uint64_t blobs_size = 0;
    std::optional<oci::Digest> subject;
    std::string artifact_type;  ///< as a referrers list shows it; may be empty
    oci::Annotations annotations;
    std::vector<oci::Tag> tags;  ///< tags to set on it
    Actor pushed_by;
    Time pushed_at;
    /// What ages count from if it is later: a clock that is set back makes nothing old.
    Time aged_from{};
    /// What was decided by where the tags pointed: conflict if one of them has moved since.
    std::vector<ExpectedTag> expected_tags = {};
    bool may_move_tags = true;  ///< false: only tags that do not exist yet, or point to it already
    /// What every one of the tags must be before, or the manifest itself if there are none.
    std::optional<TagCondition> condition = {};
    PushLimits limits = {};  ///< quota_exceeded if the repository, or `pushed_by`, would have more

    /// When the manifest and its tags are pushed for everybody who asks how old they are; the journal and the
    /// history have pushed_at.
    [[nodiscard]] Time young_at() const { return std::max(pushed_at, aged_from); }
};

/// An upload session.
struct UploadFact {
    Uuid id;
    oci::RepositoryName repository;
    oci::Algorithm algorithm = oci::Algorithm::sha256;  ///< what is hashed while bytes arrive
    std::string started_by;                             ///< caller's name, empty for anonymous
    Time started_at;
    std::string address = {};  ///< numeric, of the client whose bytes came first
    std::uint64_t offset = 0;  ///< bytes that were received when this was recorded; there may be more now
    std::string state = {};    ///< `blob::Upload::state()` at that offset; empty if there is none
    std::string holder = {};   ///< the process that receives it
    std::int64_t epoch = 1;    ///< of the claim: another holder has another
    Time last_write_at = started_at;  ///< when the last recorded byte came
};

/// The right to write to an upload session, until somebody else claims it.
struct UploadClaim {
    Uuid id;
    std::int64_t epoch = 1;
};

/// A blob found in a repository of the registry. Its size follows from the digest (immutable).
struct BlobFact {
    oci::Digest digest;
    std::uint64_t size = 0;  ///< bytes
};

}  // namespace ocilot::meta
