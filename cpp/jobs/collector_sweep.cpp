// The part of the collector that removes bytes.
#include "jobs/collector.h"
#include "registry/sessions.h"

#include <utility>

namespace ocilot::jobs {

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
Task<Result<>> Collector::sweep_left(std::vector<meta::Candidate> candidates, Collected& all) {
    if (candidates.empty()) co_return Result<>();
    Collected done;
    auto sweep = stop_pushes(std::move(candidates), done);
    CO_CHECK(co_await look(sweep, done));
    CO_CHECK(co_await remove(sweep, done));
    CO_CHECK(co_await settle(sweep));
    done.missing = 0;
    all += done;
    co_return Result<>();
}

/// No push of a digest goes on from the look at what holds it until its bytes are gone.
Collector::Sweep Collector::stop_pushes(std::vector<meta::Candidate> candidates, Collected& done) {
    Sweep sweep;
    sweep.candidates = std::move(candidates);
    if (rules_.keeps_bytes) {
        // The walk over the store finds them when they are not kept any more.
        done.kept += sweep.candidates.size();
        return sweep;
    }
    for (auto const& candidate : sweep.candidates) {
        auto inspection = registry_.sessions.pushes().inspect(candidate.digest);
        if (inspection && inspection->stop_pushes()) {
            sweep.inspections.push_back(std::move(inspection));
            sweep.going.push_back(candidate.digest);
        } else {
            sweep.later.push_back(candidate.digest);
        }
    }
    return sweep;
}

Task<Result<>> Collector::look(Sweep& sweep, Collected& done) {
    if (sweep.going.empty()) co_return Result<>();
    auto const stopped = sweep.going.size();
    CO_TRY(sweep.going, co_await registry_.meta.collection().unheld(std::move(sweep.going)));
    done.kept += stopped - sweep.going.size();
    co_return Result<>();
}

Task<Result<>> Collector::remove(Sweep& sweep, Collected& done) {
    if (!sweep.going.empty()) {
        CO_TRY(auto const removed, co_await store_.remove_all(std::move(sweep.going)));
        done.blobs += removed.blobs;
        done.bytes += removed.bytes;
        done.missing += removed.missing;
        done.failed += removed.failed.size();
        for (auto const& [digest, error] : removed.failed) {
            log_.warn("blob not removed", {{"digest", digest.str()}, {"error", error.message}});
            sweep.later.push_back(digest);
        }
    }
    sweep.inspections.clear();
    co_return Result<>();
}

/// Those whose bytes are still there are not at the head of the queue again: they must not keep others.
Task<Result<>> Collector::settle(Sweep& sweep) {
    if (sweep.candidates.empty()) co_return Result<>();
    std::vector<meta::Candidate> again;
    for (auto const& digest : sweep.later) again.push_back({"", digest, registry_.sessions.now(), true});
    co_return co_await registry_.meta.collection().settle(std::move(sweep.candidates), std::move(again));
}

}  // namespace ocilot::jobs
