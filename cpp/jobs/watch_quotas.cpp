#include "jobs/watch_quotas.h"

#include "base/counted.h"
#include "jobs/charged_limits.h"
#include "meta/change_text.h"
#include "meta/charged_to.h"
#include "meta/quota_exceeded.h"
#include "registry/quota.h"
#include "registry/sessions.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::jobs {

namespace {

constexpr std::string_view watch_job = "watch-quotas";
constexpr std::size_t changes_read_at_once = 100;  ///< some name a hundred tags each
constexpr std::size_t holders_at_once = 500;
constexpr std::size_t looks_at_once = 100;  ///< at one holder each
/// Where more changes have come, all usage is looked at: that is less work.
constexpr std::int64_t most_changes_read = 20'000;
/// Reported quotas that are remembered. Beyond, none is reported until others are used less.
constexpr std::size_t most_reported = 10'000;
/// What comes before the name in the key of a holder.
constexpr std::string_view repository_mark = "repository ";
constexpr std::string_view caller_mark = "caller ";

/// Whose quota it is.
struct Holder {
    std::string repository = {};
    std::string caller = {};  ///< see meta::charged_to

    [[nodiscard]] std::string key() const {
        bool const is_caller = repository.empty();
        return std::string(is_caller ? caller_mark : repository_mark) + (is_caller ? caller : repository);
    }
    [[nodiscard]] std::string shown() const {
        return repository.empty() ? meta::QuotaHolder::caller(caller).shown
                                  : meta::QuotaHolder::repository(repository).shown;
    }
};

/// One of the two things that a quota limits.
struct Measure {
    std::string_view unit;
    std::optional<std::uint64_t> allowed;
    std::uint64_t used;
};

std::uint64_t percent_of(Measure const& measure) {
    auto const allowed = *measure.allowed;
    bool const fits = measure.used <= std::numeric_limits<std::uint64_t>::max() / 100;
    return fits ? measure.used * 100 / allowed : measure.used / (allowed / 100);
}

meta::Change warning_of(Holder const& holder, Measure const& measure) {
    meta::Change change{.kind = meta::ChangeKind::quota_warn};
    change.repository = holder.repository;
    change.by = {.name = "quotas", .kind = "system"};
    if (holder.repository.empty()) {  // Events of a caller are of this caller, not of the job.
        auto const colon = std::min(holder.caller.find(':'), holder.caller.size());
        change.name = holder.caller;
        change.by.kind = holder.caller.substr(0, colon);
        change.by.name = colon < holder.caller.size() ? holder.caller.substr(colon + 1) : std::string();
    }
    change.text = fmt::format("the quota of {} is {}; {} {} used, {} %", holder.shown(),
                              meta::count_text(*measure.allowed, measure.unit), measure.used,
                              agreeing(measure.used, "is", "are"), percent_of(measure));
    change.details.counts = {{std::string(measure.unit), measure.used},
                             {fmt::format("quota_{}", measure.unit), *measure.allowed}};
    return change;
}

/// What a round knows and finds.
class Watch {
  public:
    Watch(registry::Registry& registry, bool has_accounts, std::string_view reported)
        : registry_(registry), has_accounts_(has_accounts) {
        while (!reported.empty()) {
            auto const end = std::min(reported.find('\n'), reported.size());
            if (end > 0) reported_.emplace(reported.substr(0, end));
            reported.remove_prefix(std::min(end + 1, reported.size()));
        }
    }

    /// A line for each quota that was reported and is still used as much.
    [[nodiscard]] std::string reported() const {
        std::string text;
        for (auto const& key : reported_) text += key + '\n';
        return text;
    }
    std::vector<meta::Change>& news() noexcept { return news_; }

    Task<Result<>> look_at_all(Round const& round) {
        auto& report = registry_.meta.collection().report();
        meta::Page page{{}, holders_at_once};
        for (bool more = !registry_.rules.quotas.empty(); more;) {
            CO_TRY(auto const found, co_await report.usages(page));
            for (auto const& each : found.items) look_at({.repository = each.repository}, each.usage);
            more = found.more;
            if (more) page.after = found.items.back().repository;
            CO_CHECK(co_await give_way(round));
        }
        page.after.reset();
        for (bool more = !registry_.rules.caller_quotas.empty(); more;) {
            CO_TRY(auto const found, co_await report.caller_usages(page));
            for (auto const& each : found.items) {
                CO_CHECK(co_await look_at_caller(each.caller, each.usage));
            }
            more = found.more;
            if (more) page.after = found.items.back().caller;
            CO_CHECK(co_await give_way(round));
        }
        co_return Result<>();
    }

    /// Takes note of whose usage a change may have raised.
    void note(meta::Change const& change) {
        if (change.refused) return;
        if (!registry_.rules.quotas.empty() && !change.repository.empty()) {
            repositories_.insert(change.repository);
            if (change.kind == meta::ChangeKind::repository_rename) repositories_.insert(change.name);
        }
        auto charged = meta::charged_to(change.by.kind, change.by.name);
        if (!registry_.rules.caller_quotas.empty() && !charged.empty()) callers_.insert(std::move(charged));
    }

    /// At those that were noted, and at those that were reported: what deletes and the collection take from
    /// them is not looked for.
    Task<Result<>> look_at_noted(Round const& round) {
        note_reported();
        auto& report = registry_.meta.collection().report();
        for (auto const& name : repositories_) {
            auto const repository = oci::RepositoryName::parse(name);
            meta::Usage usage;
            if (repository.has_value()) {
                CO_TRY(usage, co_await report.usage(*repository));
            }
            look_at({.repository = name}, usage);
            if (++looked_at_ % looks_at_once == 0) {
                CO_CHECK(co_await give_way(round));
            }
        }
        for (auto const& caller : callers_) {
            CO_TRY(auto const usage, co_await report.caller_usage(caller));
            CO_CHECK(co_await look_at_caller(caller, usage));
            if (++looked_at_ % looks_at_once == 0) {
                CO_CHECK(co_await give_way(round));
            }
        }
        co_return Result<>();
    }
    /// Reads wait for nothing: between them other work of the thread runs.
    static Task<Result<>> give_way(Round const& round) { return round.pause_until(Round::Ticks::now()); }

  private:
    void note_reported() {
        for (auto const& key : reported_) {
            auto const name = key.substr(std::min(key.find(' '), key.size() - 1) + 1);  // After the unit.
            if (name.starts_with(repository_mark)) repositories_.insert(name.substr(repository_mark.size()));
            if (name.starts_with(caller_mark)) callers_.insert(name.substr(caller_mark.size()));
        }
    }

    void look_at(Holder const& holder, meta::Usage const& usage) {
        auto const name = oci::RepositoryName::parse(holder.repository);
        auto const limits =
            name.has_value() ? registry::limits_of(registry_.rules.quotas, *name) : meta::QuotaLimits();
        compare(holder, limits, usage);
    }

    Task<Result<>> look_at_caller(std::string const& caller, meta::Usage const& usage) {
        CO_TRY(auto const limits, co_await limits_of_charged(registry_, has_accounts_, caller));
        compare({.caller = caller}, limits, usage);
        co_return Result<>();
    }

    void compare(Holder const& holder, meta::QuotaLimits const& limits, meta::Usage const& usage) {
        compare(holder, {"bytes", limits.bytes, usage.bytes});
        compare(holder, {"tags", limits.tags, usage.tags});
    }

    void compare(Holder const& holder, Measure const& measure) {
        auto key = fmt::format("{} {}", measure.unit, holder.key());
        auto const allowed = measure.allowed.value_or(0);
        if (allowed == 0 || measure.used < allowed - allowed / 4) {
            reported_.erase(key);
            return;
        }
        if (measure.used < allowed - allowed / 5 || reported_.size() >= most_reported) return;
        if (reported_.insert(std::move(key)).second) news_.push_back(warning_of(holder, measure));
    }

    registry::Registry& registry_;
    bool has_accounts_;
    std::set<std::string> reported_;  // `bytes repository team/app`
    std::set<std::string> repositories_;
    std::set<std::string> callers_;
    std::vector<meta::Change> news_;
    std::size_t looked_at_ = 0;
};

}  // namespace

Task<Result<std::size_t>> WatchQuotas::round(Round const& round) {
    auto& meta = registry_.meta;
    CO_TRY(auto const stored, co_await meta.places().place(std::string(watch_job)));
    auto const before = stored ? stored->place : std::string();
    Watch watch(registry_, has_accounts_, before);
    CO_TRY(auto const last, co_await meta.journal().last());
    bool const all = !read_to_ || last - *read_to_ > most_changes_read;
    if (all) {
        CO_CHECK(co_await watch.look_at_all(round));
    }
    for (auto read_to = all ? last : *read_to_; read_to < last;) {
        CO_TRY(auto const page, co_await meta.journal().after(read_to, changes_read_at_once));
        if (page.items.empty()) break;
        for (auto const& change : page.items) watch.note(change);
        read_to = page.items.back().id;
        CO_CHECK(co_await Watch::give_way(round));
    }
    CO_CHECK(co_await watch.look_at_noted(round));
    auto news = std::move(watch.news());
    auto const now = registry_.sessions.now();
    for (auto& change : news) {
        change.at = now;
        log_.warn("quota nearly used up", {{"reason", std::string_view(change.text)}});
    }
    auto const count = news.size();
    if (count > 0) {
        CO_CHECK(co_await meta.journal().append(std::move(news)));
    }
    // After the report: where the process ends between the two, it comes again.
    if (auto text = watch.reported(); text != before) {
        meta::JobPlace place{std::string(watch_job), std::move(text), now};
        CO_CHECK(co_await meta.places().save(std::move(place)));
    }
    read_to_ = last;  // A round that fails reads these changes again.
    co_return count;
}

}  // namespace ocilot::jobs
