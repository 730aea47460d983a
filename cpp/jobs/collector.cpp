#include "jobs/collector.h"

#include "base/both.h"
#include "jobs/candidates.h"
#include "jobs/collector_piece.h"
#include "jobs/pace.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <span>
#include <utility>

namespace ocilot::jobs {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t changes_at_once = 500;
constexpr std::size_t enqueued_at_once = 1'024;
constexpr std::size_t most_due = 4'096;  ///< candidates in memory
constexpr std::size_t at_once = 128;     ///< of them; the pushes of twice as many wait
/// The delay of a step, which may be that of a slow transaction.
constexpr std::chrono::milliseconds most_made_up{50};
constexpr std::size_t walk_rows = 500;
constexpr int walk_pages = 200;  ///< in a round: the walk is slow on purpose
constexpr hours heartbeat{1};
constexpr hours longest_pause{26};
constexpr hours walk_interval{7 * 24};

// Where the walk is: in the metadata, in the store, or done at some second.
constexpr std::string_view in_facts = "metadata ";
constexpr std::string_view in_store = "store ";
constexpr std::string_view done_at = "done ";

constexpr char const* objects_help = "Objects the garbage collection dealt with, by outcome.";

std::string done(Time now) {
    return fmt::format("{}{}", done_at, std::chrono::floor<seconds>(now.time_since_epoch()).count());
}

/// Whether a walk that is done is due again.
bool is_walk_due(std::string_view walk, Time now) {
    if (!walk.starts_with(done_at)) return false;
    std::int64_t at = 0;
    for (char const digit : walk.substr(done_at.size())) at = at * 10 + (digit - '0');
    return now - Time(seconds(at)) >= walk_interval;
}

}  // namespace

/// A round: what it works with, and what it has done.
struct Collector::Work {
    Round const& round;
    meta::ReviewCutoffs cutoffs;
    Collected done = {};
    Pace pace;

    /// A step of the belt: nothing on it waits for the pace, only what is to be looked at next does.
    Task<Result<>> begin_step(bool belt_is_empty) {
        auto const now = Round::Ticks::now();
        if (!belt_is_empty || pace.is_due(now)) co_return round.check();
        co_return co_await round.pause_until(pace.next());
    }
};

Collector::Collector(registry::Registry& registry, blob::BlobUpkeep& store, CollectRules rules,
                     Log const& log, Metrics& metrics)
    : registry_(registry),
      store_(store),
      rules_(rules),
      log_(log),
      kept_(metrics.counter("ocilot_gc_objects_total", objects_help, {{"outcome", "kept"}})),
      manifests_(metrics.counter("ocilot_gc_objects_total", objects_help, {{"outcome", "manifest_removed"}})),
      links_(metrics.counter("ocilot_gc_objects_total", objects_help, {{"outcome", "link_removed"}})),
      blobs_(metrics.counter("ocilot_gc_objects_total", objects_help, {{"outcome", "blob_removed"}})),
      missing_(metrics.counter("ocilot_gc_objects_total", objects_help, {{"outcome", "blob_missing"}})),
      failed_(metrics.counter("ocilot_gc_objects_total", objects_help, {{"outcome", "failed"}})),
      bytes_(metrics.counter("ocilot_gc_freed_bytes_total", "Bytes the garbage collection freed.")) {}

meta::ReviewCutoffs Collector::cutoffs() const {
    auto const now = registry_.sessions.now();
    return {now - rules_.grace, now - std::max(rules_.grace, rules_.pending)};
}

Task<Result<std::size_t>> Collector::round(Round const& round) {
    auto const now = registry_.sessions.now();
    if (!begun_) {
        CO_CHECK(co_await begin());
    }
    CO_CHECK(co_await read_changes(round));
    if (rules_.awaits_adoption) co_return std::size_t{0};
    CO_CHECK(co_await find_orphans(round));
    Work work{.round = round, .cutoffs = cutoffs(), .pace = Pace(rules_.rate, most_made_up)};
    bool const all = free_now_.exchange(false);
    // Not before the changes were read: what they released counts, too.
    if (all) work.cutoffs.released_before = registry_.sessions.now();
    if (all || now >= not_before_) {
        auto const collected = co_await collect(work);
        count(work.done);
        auto const noted = co_await note(work.done);  // Also of a round that ended early.
        CO_CHECK(collected);
        CO_CHECK(noted);
    }
    co_return work.done.removed();
}

/// After a start: where the process before was.
Task<Result<>> Collector::begin() {
    auto const now = registry_.sessions.now();
    CO_TRY(auto const known, co_await registry_.meta.collection().place());
    CO_TRY(auto const oldest, co_await registry_.meta.journal().after(0, 1));
    latest_ = known ? known->noted_at : now;
    if (known) {
        place_ = *known;
        // Either nobody ran it or a clock was set: what seems to be old may be young.
        if (now - place_.noted_at > longest_pause && rules_.grace > seconds(0)) {
            not_before_ = now + rules_.grace;
            log_.warn("garbage collection waits: the registry was stopped for long, or its clock was set",
                      {{"last_round", rfc3339(place_.noted_at)}, {"resumes_at", rfc3339(not_before_)}});
        }
    }
    bool const missed = known && !oldest.items.empty() && oldest.items.front().id > place_.change + 1;
    if (!known || missed) place_.walk = in_facts;
    if (rules_.after_crash && place_.walk.starts_with(done_at)) place_.walk = in_store;
    place_.noted_at = now;
    CO_CHECK(co_await registry_.meta.collection().enqueue({}, place_));
    begun_ = true;
    co_return Result<>();
}

Task<Result<>> Collector::read_changes(Round const& round) {
    auto const now = registry_.sessions.now();
    for (;;) {
        CO_TRY(auto const page, co_await registry_.meta.journal().after(place_.change, changes_at_once));
        bool const quiet = page.items.empty() && now - place_.noted_at < heartbeat;
        if (quiet) co_return Result<>();
        CO_CHECK(co_await enqueue_released(page.items, now));
        if (!page.more) co_return Result<>();
        CO_CHECK(round.check());
    }
}

Task<Result<>> Collector::enqueue_released(std::span<meta::Change const> changes, Time now) {
    std::vector<meta::Candidate> candidates;
    auto place = place_;
    place.noted_at = now;
    for (auto const& change : changes) {
        // An adoption notes the times of its files: what it released was released when it ran.
        latest_ = std::min(std::max(latest_, change.at), now);
        for (auto& candidate : candidates_of(change)) {
            candidate.released_at = latest_;
            candidates.push_back(std::move(candidate));
        }
        if (change.kind == meta::ChangeKind::registry_import) place.walk = in_facts;
        place.change = change.id;
        if (candidates.size() < enqueued_at_once) continue;
        CO_CHECK(co_await enqueue(std::move(candidates), place));
        candidates.clear();
    }
    co_return co_await enqueue(std::move(candidates), std::move(place));
}

/// What is not stored is looked at again: the place here is never further than the one there.
Task<Result<>> Collector::enqueue(std::vector<meta::Candidate> candidates, meta::CollectionPlace place) {
    CO_CHECK(co_await registry_.meta.collection().enqueue(std::move(candidates), place));
    place_ = std::move(place);
    co_return Result<>();
}

Task<Result<>> Collector::collect(Work& work) {
    // No more at once than the rate allows for a second.
    auto const most = rules_.rate == 0 ? most_due : std::min<std::size_t>(most_due, rules_.rate);
    for (;;) {
        CO_TRY(auto const due, co_await registry_.meta.collection().due(work.cutoffs, most));
        if (due.empty()) co_return Result<>();
        CO_CHECK(co_await collect(work, due));
    }
}

/// A belt: while candidates are reviewed, those before them are purged, the pushes of those before these are
/// stopped, and so on, until the ones whose bytes are gone leave the queue. The metadata do all of a step
/// in one go, and do not wait. A piece with which something fails leaves the belt, and stays in the queue;
/// the others come to their end, also when the round is cancelled. The pace is that of what enters the belt.
Task<Result<>> Collector::collect(Work& work, std::span<meta::Candidate const> due) {
    Belt belt;
    Result<> ended;
    while (!due.empty() || !belt.empty()) {
        if (ended.has_value()) ended = co_await work.begin_step(belt.empty());
        if (ended.has_error()) due = {};
        // Repositories share digests, and each is stopped once at a time.
        bool const waits = belt.purged.meets(belt.stopped);
        bool const looks = !waits && work.pace.is_due(Round::Ticks::now());
        auto const looked = due.first(looks ? std::min(due.size(), at_once) : 0);
        Piece none;
        Piece next;
        Piece gone = std::exchange(belt.removed, Piece());
        // The metadata are asked in the order of the belt, its end first: what a piece and the one after it
        // share is held for the one, and goes with the other.
        auto const [reviewed, others] =
            co_await both(review(work, looked, next),
                          both(purge(work, waits ? none : belt.reviewed),
                               both(stop_pushes(waits ? none : belt.purged, work.done),
                                    both(remove(belt.stopped, work.done), settle(std::move(gone))))));
        auto const& [purged, rest] = others;
        auto const& [stopped, last] = rest;
        auto const& [removed, settled] = last;
        auto const drop_failed = [&ended](auto const& step, Piece& piece) {
            if (!step.has_error()) return;
            if (ended.has_value()) ended = step.error();
            piece = Piece();
        };
        drop_failed(reviewed, next);
        drop_failed(purged, belt.reviewed);
        drop_failed(stopped, belt.purged);
        drop_failed(removed, belt.stopped);
        drop_failed(settled, none);
        if (reviewed.has_value()) {
            due = due.subspan(*reviewed);
            work.pace.note(*reviewed, Round::Ticks::now());
        }
        belt.move_on(std::move(next), waits);
    }
    co_return ended;
}

bool Collector::is_probed(oci::Digest const& digest) const {
    auto const since = registry_.sessions.now() - rules_.pending;
    return registry_.sessions.probes().contains(digest, since);
}

/// Facts first: what is condemned is unknown to clients before it is asked whether one of them relies on it.
/// `next` gets those that are to be purged. Answers how many of the first ones it was about.
Task<Result<std::size_t>> Collector::review(Work& work, std::span<meta::Candidate const> due, Piece& next) {
    if (due.empty()) co_return std::size_t{0};
    auto const first = of_one_repository(due);
    auto const& name = first.front().repository;
    if (name.empty()) {
        next.candidates.assign(first.begin(), first.end());
        co_return first.size();
    }
    CO_TRY(next.repository, oci::RepositoryName::parse(name));
    auto digests = digests_of(first);
    auto& queue = registry_.meta.collection();
    CO_TRY(auto reviewed, co_await queue.review(*next.repository, std::move(digests), work.cutoffs));
    work.done.kept += reviewed.kept;
    auto const rest = std::ranges::partition(
        reviewed.condemned, [this](oci::Digest const& digest) { return !is_probed(digest); });
    std::vector<oci::Digest> probed(rest.begin(), rest.end());
    reviewed.condemned.erase(rest.begin(), rest.end());
    if (!probed.empty()) {
        work.done.kept += probed.size();
        CO_CHECK(co_await queue.lift(*next.repository, std::move(probed), registry_.sessions.now()));
    }
    next.interrupted = !reviewed.left.empty();
    next.candidates = std::move(reviewed.left);
    next.condemned = std::move(reviewed.condemned);
    std::ranges::move(reviewed.expired, std::back_inserter(next.condemned));
    co_return reviewed.looked_at;
}

/// Adds those whose bytes are to go.
Task<Result<>> Collector::purge(Work& work, Piece& piece) {
    if (piece.condemned.empty()) co_return Result<>();
    auto digests = std::exchange(piece.condemned, {});
    CO_TRY(auto purged, co_await registry_.meta.collection().purge(*piece.repository, std::move(digests),
                                                                   work.cutoffs, registry_.clock.now()));
    work.done.manifests += purged.manifests;
    work.done.links += purged.links;
    std::ranges::move(purged.bytes, std::back_inserter(piece.candidates));
    co_return Result<>();
}

/// What no change has named: of an earlier version, of an imported directory, of a crash.
Task<Result<>> Collector::find_orphans(Round const& round) {
    auto& queue = registry_.meta.collection();
    if (is_walk_due(place_.walk, registry_.sessions.now())) place_.walk = in_facts;
    for (int page = 0; page < walk_pages && place_.walk.starts_with(in_facts); ++page) {
        auto from = place_.walk.substr(in_facts.size());
        CO_TRY(auto piece, co_await queue.find(std::move(from), walk_rows, registry_.sessions.now()));
        place_.walk = piece.next.empty() ? std::string(in_store) : fmt::format("{}{}", in_facts, piece.next);
        CO_CHECK(co_await queue.enqueue({}, place_));
        CO_CHECK(round.check());
    }
    if (!rules_.owns_store && place_.walk.starts_with(in_store)) {
        place_.walk = done(registry_.sessions.now());
        CO_CHECK(co_await queue.enqueue({}, place_));
    }
    for (int page = 0; page < walk_pages && place_.walk.starts_with(in_store); ++page) {
        CO_CHECK(co_await walk_store(round, place_.walk.substr(in_store.size())));
    }
    co_return Result<>();
}

Task<Result<>> Collector::walk_store(Round const& round, std::string after) {
    std::optional<oci::Digest> from;
    if (!after.empty()) {
        CO_TRY(from, oci::Digest::parse(after));
    }
    CO_TRY(auto const listing, co_await store_.list(from, walk_rows));
    auto stored = listing.digests;
    // Before it is asked what holds them: a push that has ended has its facts.
    std::erase_if(stored, [this](auto const& one) { return registry_.sessions.pushes().is_under_way(one); });
    CO_TRY(auto const unheld, co_await registry_.meta.collection().unheld(std::move(stored)));
    std::vector<meta::Candidate> found;
    found.reserve(unheld.size());
    for (auto const& digest : unheld) found.push_back({"", digest, registry_.sessions.now(), true});
    bool const last = listing.digests.size() < walk_rows;
    auto place = place_;
    place.walk =
        last ? done(registry_.sessions.now()) : fmt::format("{}{}", in_store, listing.digests.back().str());
    CO_CHECK(co_await enqueue(std::move(found), std::move(place)));
    co_return round.check();
}

Task<Result<>> Collector::purge_image(oci::RepositoryName repository, oci::Digest digest, meta::Actor by) {
    if (rules_.awaits_adoption) {
        co_return Error{Errc::conflict,
                        "nothing is removed before the directory is adopted: run ocilot adopt"};
    }
    auto name = by.name;
    CO_CHECK(co_await registry_.meta.collection().releases().image(repository, digest, std::move(by),
                                                                   registry_.clock.now()));
    manifests_.add(1);
    log_.info("image purged",
              {{"repository", repository.str()}, {"digest", digest.str()}, {"caller", std::move(name)}});
    co_return Result<>();
}

Collected Collector::totals() const noexcept {
    return {.kept = kept_.value(),
            .manifests = manifests_.value(),
            .links = links_.value(),
            .blobs = blobs_.value(),
            .bytes = bytes_.value(),
            .missing = missing_.value(),
            .failed = failed_.value()};
}

void Collector::count(Collected const& done) {
    kept_.add(done.kept);
    manifests_.add(done.manifests);
    links_.add(done.links);
    blobs_.add(done.blobs);
    missing_.add(done.missing);
    failed_.add(done.failed);
    bytes_.add(done.bytes);
    if (done.removed() == 0) return;
    log_.info("garbage collected", {{"manifests", std::int64_t(done.manifests)},
                                    {"links", std::int64_t(done.links)},
                                    {"blobs", std::int64_t(done.blobs)},
                                    {"bytes", std::int64_t(done.bytes)},
                                    {"failed", std::int64_t(done.failed)}});
}

/// Rounds that remove nothing are not noted: one is due each minute.
Task<Result<>> Collector::note(Collected done) {
    if (done.removed() == 0) co_return Result<>();
    std::vector<meta::Change> changes(1);
    auto& change = changes.front();
    change.at = registry_.clock.now();
    change.kind = meta::ChangeKind::collection_finish;
    change.by.kind = policy::to_string(policy::CallerKind::system);
    change.details.counts = {{"manifests", done.manifests},
                             {"links", done.links},
                             {"blobs", done.blobs},
                             {"bytes", done.bytes},
                             {"failed", done.failed}};
    co_return co_await registry_.meta.journal().append(std::move(changes));
}

}  // namespace ocilot::jobs
