#include "jobs/journal.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace ocilot::jobs {

namespace {

constexpr std::size_t prune_batch = 500;
constexpr auto any_id = std::numeric_limits<std::int64_t>::max();

/// What may go: what is older than `before` and has no greater id than `through`.
struct Prunable {
    Time before;
    std::int64_t through;
};

Task<Result<std::size_t>> prune(meta::Journal& journal, Prunable what, Round const& round) {
    std::size_t forgotten = 0;
    for (;;) {
        CO_TRY(auto const piece, co_await journal.prune_before(what.before, what.through, prune_batch));
        forgotten += piece;
        if (piece < prune_batch) co_return forgotten;
        CO_CHECK(round.check());
    }
}

Task<Result<std::size_t>> expire_parked(meta::Consumers& consumers, Time before, Round const& round) {
    std::size_t expired = 0;
    for (;;) {
        CO_TRY(auto const piece, co_await consumers.expire(before, prune_batch));
        expired += piece;
        if (piece < prune_batch) co_return expired;
        CO_CHECK(round.check());
    }
}

/// Those that were to get what is gone.
void report_lost(std::vector<meta::Consumer> const& before, std::int64_t oldest, std::size_t lost,
                 Log const& log, Metrics& metrics) {
    for (auto const& consumer : before) {
        if (consumer.place + 1 >= oldest) continue;
        auto const missed =
            std::min<std::uint64_t>(lost, static_cast<std::uint64_t>(oldest - consumer.place - 1));
        metrics
            .counter("ocilot_consumer_lost_total",
                     "Changes removed from the change log before a consumer had handled them.",
                     {{"consumer", consumer.name}})
            .add(missed);
        log.error("consumer too far behind: changes removed before delivery",
                  {{"consumer", std::string_view(consumer.name)},
                   {"changes", missed},
                   {"hint", "mend or remove it, or raise ocilot.events.keep"}});
    }
}

/// Where a consumer is too far behind, it loses what is beyond the bounds.
Task<Result<std::size_t>> prune_beyond_bounds(meta::MetaStore& meta, Time now, JournalRules rules,
                                              Round const& round, Log const& log, Metrics& metrics) {
    auto& journal = meta.journal();
    CO_TRY(auto const consumers, co_await meta.consumers().list());
    std::size_t lost = 0;
    if (rules.keep > std::chrono::seconds(0)) {
        Prunable const old{now - std::max(rules.age, rules.keep), any_id};
        CO_TRY(auto const count, co_await prune(journal, old, round));
        lost += count;
    }
    if (rules.keep_entries > 0) {
        CO_TRY(auto const last, co_await journal.last());
        Prunable const many{now - rules.age, last - static_cast<std::int64_t>(rules.keep_entries)};
        CO_TRY(auto const count, co_await prune(journal, many, round));
        lost += count;
    }
    if (lost > 0) {
        CO_TRY(auto const first, co_await journal.after(0, 1));
        report_lost(consumers, first.items.empty() ? 0 : first.items.front().id, lost, log, metrics);
    }
    co_return lost;
}

}  // namespace

Task<Result<std::size_t>> prune_journal(meta::MetaStore& meta, Time now, JournalRules rules,
                                        Round const& round, Log const& log, Metrics& metrics) {
    std::size_t forgotten = 0;
    if (rules.keep > std::chrono::seconds(0)) {
        CO_TRY(auto const expired, co_await expire_parked(meta.consumers(), now - rules.keep, round));
        if (expired > 0) log.warn("parked changes expired", {{"changes", std::uint64_t{expired}}});
        forgotten += expired;
    }
    if (rules.age <= std::chrono::seconds(0)) co_return forgotten;
    CO_TRY(auto const slowest, co_await meta.consumers().slowest());
    Prunable const passed{now - rules.age, slowest.value_or(any_id)};
    CO_TRY(auto const pruned, co_await prune(meta.journal(), passed, round));
    forgotten += pruned;
    if (slowest) {
        CO_TRY(auto const lost, co_await prune_beyond_bounds(meta, now, rules, round, log, metrics));
        forgotten += lost;
    }
    co_return forgotten;
}

}  // namespace ocilot::jobs
