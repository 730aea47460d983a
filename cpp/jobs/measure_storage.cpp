#include "jobs/measure_storage.h"

#include <chrono>
#include <string>

namespace ocilot::jobs {

namespace {

constexpr std::size_t page_size = 1000;
/// Between two pages: requests go first.
constexpr std::chrono::milliseconds pause{10};

}  // namespace

Task<Result<std::size_t>> measure_storage(meta::Audit& audit, Round const& round, Metrics& metrics) {
    auto& blobs = metrics.gauge("ocilot_blobs", "Blobs that repositories hold, each counted once.");
    auto& bytes = metrics.gauge("ocilot_blob_bytes",
                                "Bytes of the blobs that repositories hold, each blob counted once.");
    std::size_t count = 0;
    std::uint64_t total = 0;
    std::string last;  // Links to one blob follow each other.
    std::string from;
    do {
        CO_TRY(auto const page, co_await audit.links(from, page_size));
        for (auto const& link : page.items) {
            if (link.digest == last) continue;
            last = link.digest;
            total += link.size;
            ++count;
        }
        from = page.next;
        CO_CHECK(co_await round.pause_until(Round::Ticks::now() + pause));
    } while (!from.empty());
    blobs.set(static_cast<std::int64_t>(count));
    bytes.set(static_cast<std::int64_t>(total));
    co_return count;
}

}  // namespace ocilot::jobs
