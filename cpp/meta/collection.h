#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "meta/candidate.h"
#include "meta/content_report.h"
#include "meta/facts.h"
#include "meta/releases.h"
#include "meta/restoration.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// What a review of candidates of one repository decided.
struct Reviewed {
    /// Needed by nothing: unknown to every other question from now on. A manifest that names it brings it
    /// back, as `lift` does.
    std::vector<oci::Digest> condemned;
    /// Removed by a client, and the time for restoring it is over; or purged, and referrers of it are left.
    std::vector<oci::Digest> expired;
    /// The repository has nothing of them any more: they were purged, and whether their bytes are gone is not
    /// known. Candidates until they are settled.
    std::vector<Candidate> left;
    std::size_t kept = 0;  ///< needed after all: no longer candidates
    /// So many, from the first one on: manifests with many layers make a transaction long. The others are as
    /// they were.
    std::size_t looked_at = 0;
};

/// What `purge` took away for good.
struct Purged {
    std::size_t manifests = 0;
    std::size_t links = 0;
    std::vector<Candidate> bytes;  ///< candidates still, until they are settled
};

/// A piece of the walk that finds candidates which no change has named.
struct FoundPiece {
    std::string next;  ///< where the next piece starts; empty at the end of the walk
    std::size_t found = 0;
};

/// How far the collector has come.
struct CollectionPlace {
    std::int64_t change = 0;  ///< of the Journal: the last one whose candidates are in the queue
    std::string walk = {};    ///< of `find`, or of the walk over the store
    Time noted_at = {};       ///< by the collector's clock
    friend bool operator==(CollectionPlace const&, CollectionPlace const&) = default;
};

/// The review queue of the garbage collection, and what was removed and can be restored
/// (docs/adr/0017-garbage-collection.md).
///
/// What is needed: a manifest with a tag, with a manifest that names it, or with a subject that is there; a
/// blob that a manifest of the same repository names. What was removed by a client needs its content until it
/// is purged. A cycle of manifests without a tag needs nothing.
///
/// Every decision is made again in the transaction that acts on it, so that it holds with one process and
/// with several. What no transaction sees are the questions of clients (HEAD): the process that answered one
/// keeps it in memory, see registry::Probes. So where several processes serve, the grace has to be longer
/// than a push takes. Thread-safe; Tasks may come from any I/O context.
class Collection {
  public:
    virtual ~Collection() = default;

    /// Adds candidates and moves the place, in one transaction. One that is there already keeps the later
    /// time. Fresh ones that a tag or a manifest names by now are not added: when that goes, they are
    /// released.
    virtual Task<Result<>> enqueue(std::vector<Candidate> candidates, CollectionPlace place) = 0;
    /// None before the first `enqueue`.
    virtual Task<Result<std::optional<CollectionPlace>>> place() = 0;
    /// At most `limit` candidates that are due. Those released first come first, to the minute; of a minute
    /// those of a repository are side by side, in the order of their digests. What a purge released comes
    /// last. Of a thousand and more those of several ranges of digests are mixed, some of each: where the
    /// bytes are stored by digest they are removed side by side.
    virtual Task<Result<std::vector<Candidate>>> due(ReviewCutoffs cutoffs, std::size_t limit) = 0;

    /// Decides about candidates of one repository, at least the first. Those that are not due any more stay
    /// as they are.
    virtual Task<Result<Reviewed>> review(oci::RepositoryName const& repository,
                                          std::vector<oci::Digest> candidates, ReviewCutoffs cutoffs) = 0;
    /// Brings condemned content back: a client has asked for it. It is fresh from `now` on.
    virtual Task<Result<>> lift(oci::RepositoryName const& repository, std::vector<oci::Digest> condemned,
                                Time now) = 0;
    /// Forgets what is condemned or expired. Its content and its referrers become candidates that are due; it
    /// stays one until its bytes are settled. With more referrers than a transaction takes, it stays one that
    /// `review` answers as expired, until they are all released: its bytes go then.
    virtual Task<Result<Purged>> purge(oci::RepositoryName const& repository,
                                       std::vector<oci::Digest> digests, ReviewCutoffs cutoffs, Time now) = 0;
    /// Those that no repository holds, and nothing that can be restored.
    virtual Task<Result<std::vector<oci::Digest>>> unheld(std::vector<oci::Digest> digests) = 0;
    /// Their bytes are gone, or are needed: no longer candidates, unless they were released again meanwhile.
    /// Those whose bytes are still there become candidates `again`, in the same transaction.
    virtual Task<Result<>> settle(std::vector<Candidate> bytes, std::vector<Candidate> again) = 0;

    /// Brings back what was deleted, while the garbage collection keeps it: all of it in one transaction, in
    /// the repository that held it. manifest_unknown if there is nothing to restore, or no more.
    virtual Task<Result<Restored>> restore(RestoreRequest request, Actor by, Time now) = 0;

    /// Adds what is not needed among the next `rows` manifests and links to the queue, as fresh from `now`
    /// on, and what was removed: what an imported directory, a crash or an earlier version left, and what
    /// was deleted while nothing was collected.
    virtual Task<Result<FoundPiece>> find(std::string from, std::size_t rows, Time now) = 0;

    /// What others release.
    [[nodiscard]] virtual Releases& releases() noexcept = 0;
    [[nodiscard]] virtual ContentReport& report() noexcept = 0;
};

}  // namespace ocilot::meta
