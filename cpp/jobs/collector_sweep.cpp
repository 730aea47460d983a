// The part of the collector that removes bytes.
#include "jobs/collector.h"
#include "jobs/collector_piece.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace ocilot::jobs {

bool Collector::Piece::meets(Piece const& other) const {
    if (empty() || other.empty()) return false;
    if (candidates.front().repository == other.candidates.front().repository) return false;
    std::unordered_set<oci::Digest> const theirs(other.unheld.begin(), other.unheld.end());
    return std::ranges::any_of(
        candidates, [&](meta::Candidate const& candidate) { return theirs.contains(candidate.digest); });
}

/// No push of a digest goes on from the look at what holds it until its bytes are gone; those of digests that
/// another repository holds go on at once.
Task<Result<>> Collector::stop_pushes(Piece& piece, Collected& done) {
    if (piece.empty()) co_return Result<>();
    if (rules_.keeps_bytes) {
        // The walk over the store finds them when they are not kept any more.
        done.kept += piece.candidates.size();
        co_return Result<>();
    }
    std::vector<oci::Digest> stopped;
    for (auto const& candidate : piece.candidates) {
        auto inspection = registry_.sessions.pushes().inspect(candidate.digest);
        if (inspection && inspection->stop_pushes()) {
            piece.inspections.push_back(std::move(inspection));
            stopped.push_back(candidate.digest);
        } else {
            piece.later.push_back(candidate.digest);
        }
    }
    CO_TRY(piece.unheld, co_await registry_.meta.collection().unheld(stopped));
    done.kept += stopped.size() - piece.unheld.size();
    std::unordered_set<oci::Digest> const going(piece.unheld.begin(), piece.unheld.end());
    std::erase_if(piece.inspections, [&](auto const& one) { return !going.contains(one->digest()); });
    co_return Result<>();
}

/// Bytes second.
Task<Result<>> Collector::remove(Piece& piece, Collected& done) {
    if (!piece.unheld.empty()) {
        auto unheld = std::exchange(piece.unheld, {});
        CO_TRY(auto const removed, co_await store_.remove_all(std::move(unheld)));
        done.blobs += removed.blobs;
        done.bytes += removed.bytes;
        if (!piece.interrupted) done.missing += removed.missing;
        done.failed += removed.failed.size();
        for (auto const& [digest, error] : removed.failed) {
            log_.warn("blob not removed", {{"digest", digest.str()}, {"error", error.message}});
            piece.later.push_back(digest);
        }
    }
    piece.inspections.clear();
    co_return Result<>();
}

/// Those whose bytes are still there are not at the head of the queue again: they must not keep others.
Task<Result<>> Collector::settle(Piece piece) {
    if (piece.empty()) co_return Result<>();
    std::vector<meta::Candidate> again;
    for (auto const& digest : piece.later) again.push_back({"", digest, registry_.sessions.now(), true});
    co_return co_await registry_.meta.collection().settle(std::move(piece.candidates), std::move(again));
}

}  // namespace ocilot::jobs
