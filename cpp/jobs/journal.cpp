#include "jobs/journal.h"

namespace ocilot::jobs {

namespace {

constexpr std::size_t batch = 500;

}  // namespace

Task<Result<std::size_t>> forget_journal(meta::Journal& journal, Clock const& clock, std::chrono::seconds age,
                                         Round const& round) {
    auto const oldest = clock.now() - age;
    std::size_t forgotten = 0;
    for (;;) {
        CO_TRY(auto const piece, co_await journal.forget_before(oldest, batch));
        forgotten += piece;
        if (piece < batch) co_return forgotten;
        CO_CHECK(round.check());
    }
}

}  // namespace ocilot::jobs
