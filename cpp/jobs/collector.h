#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "blob/upkeep.h"
#include "jobs/round.h"
#include "registry/registry.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ocilot::jobs {

/// `ocilot.gc`.
struct CollectRules {
    std::chrono::seconds grace{24 * 3600};  ///< that what is not needed any more can be restored
    /// That what was pushed or asked for is kept at least, whatever the grace: its manifest may follow.
    std::chrono::seconds pending{3600};
    std::uint64_t rate = 0;  ///< objects a second; 0: as fast as it can
    /// Whether the store has blobs of distribution that the metadata do not know yet: nothing is removed.
    bool awaits_adoption = false;
    /// Whether all blobs of the store are the registry's. In a directory that distribution has written to,
    /// too, blobs that no change has released may be of images that were not adopted.
    bool owns_store = true;
    /// Whether metadata that are lost may name any blob of the store: no bytes are removed.
    bool keeps_bytes = false;
    /// Whether the process before was killed: bytes may be there whose metadata it did not record any more.
    bool after_crash = false;

    /// Between rounds: what takes hours or days to be due is looked at once a minute.
    [[nodiscard]] std::chrono::seconds interval() const noexcept {
        return std::clamp(std::min(grace, pending) / 60, std::chrono::seconds(1), std::chrono::seconds(60));
    }
};

/// What a round of the collection did.
struct Collected {
    std::size_t kept = 0;  ///< reviewed, and needed
    std::size_t manifests = 0;
    std::size_t links = 0;
    std::size_t blobs = 0;    ///< whose bytes were removed
    std::uint64_t bytes = 0;  ///< that were freed, as measured
    std::size_t missing = 0;  ///< blobs whose bytes were gone already
    std::size_t failed = 0;   ///< blobs that could not be removed; tried again later
    [[nodiscard]] std::size_t removed() const noexcept { return manifests + links + blobs; }
};

/// The garbage collection (docs/adr/0017-garbage-collection.md): reads the change log, reviews what it
/// released when its grace is over, and removes what nothing needs. Beside requests, without a lock on
/// anything but the one digest whose bytes go. One at a time for a registry (JobScope::registry): with
/// several processes the job's lease sees to that.
class Collector {
  public:
    Collector(registry::Registry& registry, blob::BlobUpkeep& store, CollectRules rules, Log const& log,
              Metrics& metrics);

    /// One round; answers how many objects it removed. Ends early, and loses nothing, once cancelled.
    Task<Result<std::size_t>> round(Round const& round);

    /// The next round takes what was released as due, whatever the grace. From any thread.
    void free_now() noexcept { free_now_.store(true); }
    /// Removes an image for good, whatever the grace: see Releases::image. A round frees its space.
    Task<Result<>> purge_image(oci::RepositoryName repository, oci::Digest digest, meta::Actor by);
    [[nodiscard]] CollectRules const& rules() const noexcept { return rules_; }
    /// What all rounds of this process did.
    [[nodiscard]] Collected totals() const noexcept;
    /// What is due now.
    [[nodiscard]] meta::ReviewCutoffs cutoffs() const;
    /// What a round would remove now, at most `limit` objects; with `all` one after `free_now`. Beside
    /// rounds.
    Task<Result<meta::CollectionPlan>> plan(bool all, std::size_t limit);

  private:
    struct Work;
    struct Piece;
    struct Belt;

    Task<Result<>> begin();
    Task<Result<>> read_changes(Round const& round);
    Task<Result<>> enqueue_released(std::span<meta::Change const> changes, Time now);
    Task<Result<>> enqueue(std::vector<meta::Candidate> candidates, meta::CollectionPlace place);
    Task<Result<>> find_orphans(Round const& round);
    Task<Result<>> collect(Work& work);
    Task<Result<>> collect(Work& work, std::span<meta::Candidate const> due);
    Task<Result<std::size_t>> review(Work& work, std::span<meta::Candidate const> due, Piece& next);
    Task<Result<>> purge(Work& work, Piece& piece);
    Task<Result<>> stop_pushes(Piece& piece, Collected& done);
    Task<Result<>> remove(Piece& piece, Collected& done);
    Task<Result<>> settle(Piece piece);
    Task<Result<>> walk_store(Round const& round, std::string after);
    void count(Collected const& done);
    Task<Result<>> note(Collected done);
    [[nodiscard]] bool is_probed(oci::Digest const& digest) const;

    registry::Registry& registry_;
    blob::BlobUpkeep& store_;
    CollectRules const rules_;
    Log const& log_;
    Counter& kept_;
    Counter& manifests_;
    Counter& links_;
    Counter& blobs_;
    Counter& missing_;
    Counter& failed_;
    Counter& bytes_;
    std::atomic<bool> free_now_{false};
    meta::CollectionPlace place_;
    bool begun_ = false;
    Time latest_{};  ///< of the changes that were read
    Time not_before_{};
};

}  // namespace ocilot::jobs
