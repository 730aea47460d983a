// The part of the collector that removes bytes.
#include "jobs/collector.h"
#include "registry/sessions.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <span>
#include <utility>

namespace ocilot::jobs {

namespace {

constexpr std::size_t stopped_at_once = 256;  ///< whose pushes wait for the removal of their bytes

}  // namespace

Collected& Collected::operator+=(Collected const& more) noexcept {
    kept += more.kept;
    manifests += more.manifests;
    links += more.links;
    blobs += more.blobs;
    bytes += more.bytes;
    missing += more.missing;
    failed += more.failed;
    return *this;
}

/// Those of an earlier round, which was interrupted: that bytes are gone is no fault.
Task<Result<>> Collector::sweep_left(std::span<meta::Candidate const> candidates, Collected& all) {
    Collected done;
    CO_CHECK(co_await sweep(candidates, done));
    done.missing = 0;
    all += done;
    co_return Result<>();
}

/// Bytes second.
Task<Result<>> Collector::sweep(std::span<meta::Candidate const> candidates, Collected& done) {
    if (candidates.empty()) co_return Result<>();
    if (rules_.keeps_bytes) {
        // The walk over the store finds them when they are not kept any more.
        done.kept += candidates.size();
        co_return co_await settle(candidates, {});
    }
    std::vector<oci::Digest> later;
    for (auto rest = candidates; !rest.empty();) {
        auto const piece = rest.first(std::min(rest.size(), stopped_at_once));
        rest = rest.subspan(piece.size());
        CO_CHECK(co_await sweep_piece(piece, done, later));
    }
    co_return co_await settle(candidates, std::move(later));
}

/// No push of a digest goes on from the look at what holds it until its bytes are gone. `later` gets those
/// that could not be removed.
Task<Result<>> Collector::sweep_piece(std::span<meta::Candidate const> candidates, Collected& done,
                                      std::vector<oci::Digest>& later) {
    std::vector<std::unique_ptr<registry::Pushes::Inspection>> inspections;
    std::vector<oci::Digest> stopped;
    for (auto const& candidate : candidates) {
        auto inspection = registry_.sessions.pushes().inspect(candidate.digest);
        if (inspection && inspection->stop_pushes()) {
            inspections.push_back(std::move(inspection));
            stopped.push_back(candidate.digest);
        } else {
            later.push_back(candidate.digest);
        }
    }
    CO_TRY(auto unheld, co_await registry_.meta.collection().unheld(stopped));
    done.kept += stopped.size() - unheld.size();
    CO_TRY(auto const failed, co_await remove(std::move(unheld), done));
    std::ranges::copy(failed, std::back_inserter(later));
    co_return Result<>();
}

/// Those whose bytes are still there are not at the head of the queue again: they must not keep others.
Task<Result<>> Collector::settle(std::span<meta::Candidate const> candidates,
                                 std::vector<oci::Digest> later) {
    std::vector<meta::Candidate> all(candidates.begin(), candidates.end());
    std::vector<meta::Candidate> again;
    for (auto const& digest : later) again.push_back({"", digest, registry_.sessions.now(), true});
    co_return co_await registry_.meta.collection().settle(std::move(all), std::move(again));
}

/// Answers those whose bytes are still there.
Task<Result<std::vector<oci::Digest>>> Collector::remove(std::vector<oci::Digest> digests, Collected& done) {
    std::vector<oci::Digest> left;
    if (digests.empty()) co_return left;
    CO_TRY(auto const removed, co_await store_.remove_all(std::move(digests)));
    done.blobs += removed.blobs;
    done.bytes += removed.bytes;
    done.missing += removed.missing;
    done.failed += removed.failed.size();
    for (auto const& [digest, error] : removed.failed) {
        log_.warn("blob not removed", {{"digest", digest.str()}, {"error", error.message}});
        left.push_back(digest);
    }
    co_return left;
}

}  // namespace ocilot::jobs
