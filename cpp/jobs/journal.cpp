#include "jobs/journal.h"

namespace ocilot::jobs {

namespace {

constexpr std::size_t batch = 500;

}  // namespace

Task<Result<std::size_t>> prune_journal(meta::Journal& journal, Time now, std::chrono::seconds age,
                                        Round const& round) {
    if (age <= std::chrono::seconds(0)) co_return std::size_t{0};
    auto const oldest = now - age;
    std::size_t forgotten = 0;
    for (;;) {
        CO_TRY(auto const piece, co_await journal.prune_before(oldest, batch));
        forgotten += piece;
        if (piece < batch) co_return forgotten;
        CO_CHECK(round.check());
    }
}

}  // namespace ocilot::jobs
