#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "meta/candidate.h"
#include "meta/facts.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// How full the queue is.
struct CollectionCounts {
    std::uint64_t waiting = 0;  ///< candidates whose grace is not over
    std::uint64_t due = 0;
};

/// What is removed, or kept: a manifest or a blob of a repository, or bytes that no repository holds.
enum class ContentKind : std::uint8_t { manifest, blob, bytes };

/// Something that a round would remove.
struct PlannedRemoval {
    std::string repository;  ///< empty for bytes
    oci::Digest digest;
    ContentKind kind;
    std::optional<std::uint64_t> size;  ///< bytes; none for an orphan, whose size only the store knows
    friend bool operator==(PlannedRemoval const&, PlannedRemoval const&) = default;
};

/// What a round is planned with.
struct PlanRequest {
    ReviewCutoffs cutoffs;
    std::vector<Candidate> unread = {};  ///< of changes that the collector has not read yet
    Time now = {};
    std::size_t limit = 100;  ///< removals
    std::function<bool(oci::Digest const&)> is_probed =
        {};  ///< what clients were told is there; may be empty
};

struct CollectionPlan {
    std::vector<PlannedRemoval> removals;
    bool more = false;  ///< the round would remove more than `limit`, or look at much more than that
};

/// Why a repository holds content.
enum class HeldBy : std::uint8_t {
    nothing,           ///< it is removed when its grace is over
    tag,               ///< `holder` is its name
    list,              ///< a list of images in use names it
    manifest,          ///< `holder` is the digest of one that names it
    subject,           ///< `holder` is its subject, which is there
    removed_manifest,  ///< `holder` was deleted and can be restored with it
    removed_subject,   ///< the same for its subject
};

/// One repository that holds content, or held it and can have it restored.
struct Holding {
    std::string repository;
    ContentKind kind = ContentKind::manifest;
    HeldBy held_by = HeldBy::nothing;
    std::string holder = {};
    std::optional<Time> removed_at = {};   ///< it was deleted; can be restored
    std::optional<Candidate> queued = {};  ///< its row in the review queue
};

/// What a repository holds: each blob once, whatever shares it with other repositories. What was deleted and
/// can be restored is not in it.
struct Usage {
    std::uint64_t bytes = 0;
    std::uint64_t blobs = 0;
    std::uint64_t manifests = 0;
    std::uint64_t tags = 0;
    friend bool operator==(Usage const&, Usage const&) = default;
};
struct RepositoryUsage {
    std::string repository;
    Usage usage = {};
    friend bool operator==(RepositoryUsage const&, RepositoryUsage const&) = default;
};
/// What a caller is charged for, in all repositories: content that is in several counts in each.
struct CallerUsage {
    std::string caller;  ///< see charged_to
    Usage usage = {};
    friend bool operator==(CallerUsage const&, CallerUsage const&) = default;
};
/// A repository's use of the store, closer.
struct UsageDetails {
    Usage usage = {};
    std::uint64_t restorable = 0;  ///< bytes of what was deleted and can be restored
    std::uint64_t exclusive = 0;   ///< bytes that no other repository holds: free without this one
};

/// A manifest or blob of an image.
struct ImagePart {
    oci::Digest digest;
    ContentKind kind;
    std::uint64_t size = 0;          ///< bytes
    std::uint64_t repositories = 0;  ///< that hold it
    std::uint64_t manifests = 0;     ///< of its repository that name it
    friend bool operator==(ImagePart const&, ImagePart const&) = default;
};
struct ImageUsage {
    std::vector<ImagePart> parts;  ///< the manifest of the tag first
    std::uint64_t frees = 0;       ///< bytes that become free with the tag, when its grace is over
};

/// What content there is, what it takes, and what the garbage collection would do; changes nothing.
/// Thread-safe; Tasks may come from any I/O context.
class ContentReport {
  public:
    virtual ~ContentReport() = default;
    virtual Task<Result<CollectionCounts>> counts(ReviewCutoffs cutoffs) = 0;
    /// What a round would remove now: it is run in a transaction that is not committed. Uploads under way and
    /// changes that come meanwhile are not in it.
    virtual Task<Result<CollectionPlan>> plan(PlanRequest request) = 0;
    /// Who holds a digest and why, at most `limit` of each kind.
    virtual Task<Result<std::vector<Holding>>> holdings(oci::Digest const& digest, std::size_t limit) = 0;

    // Usage is kept by the transactions that change it, in several rows for each repository, so that pushes
    // do not wait for each other where several processes write. Reading it costs the same however much there
    // is, but for `details` and `image`.

    /// What a repository holds; nothing if it does not exist.
    virtual Task<Result<Usage>> usage(oci::RepositoryName const& repository) = 0;
    /// Repositories by name.
    virtual Task<Result<Slice<RepositoryUsage>>> usages(Page page) = 0;
    /// What a caller is charged for (see charged_to): what he brought into repositories and is there. Nothing
    /// while callers are not counted, see CallerCounting. What was there before that was recorded, and what
    /// no caller brought, is nobody's. Kept by the transactions that change it, as usage of repositories is.
    virtual Task<Result<Usage>> caller_usage(std::string_view caller) = 0;
    /// Callers who are charged for something, by the bytes of their names.
    virtual Task<Result<Slice<CallerUsage>>> caller_usages(Page page) = 0;
    /// Looks at all blobs of the repository; name_unknown.
    virtual Task<Result<UsageDetails>> details(oci::RepositoryName const& repository) = 0;
    /// The parts of the image of a tag, at most `limit`; manifest_unknown.
    virtual Task<Result<ImageUsage>> image(oci::RepositoryName const& repository, oci::Tag const& tag,
                                           std::size_t limit) = 0;
};

}  // namespace ocilot::meta
