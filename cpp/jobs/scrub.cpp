#include "jobs/scrub.h"

#include "jobs/pace.h"
#include "jobs/rehash.h"
#include "registry/sessions.h"

#include <algorithm>
#include <cstdint>

namespace ocilot::jobs {

namespace {

constexpr std::size_t page_size = 1000;
/// What opening a file counts as, so that many small blobs do not become a storm of them.
constexpr std::size_t cost_of_a_blob = 64 * 1024;

constexpr std::string_view blobs_help = "Blobs read by the scrub, by outcome.";

/// So many bytes a second, and no faster to make up for lost time.
class RateLimit final : public ReadThrottle {
  public:
    RateLimit(Round const& round, std::uint64_t rate, Counter& read)
        : round_(round), pace_(rate), read_(read) {}

    Task<Result<>> step(std::size_t bytes) override {
        read_.add(bytes);
        return wait(bytes);
    }

    Task<Result<>> wait(std::size_t cost) {
        auto const now = Round::Ticks::now();
        pace_.note(cost, now);
        if (pace_.is_due(now)) co_return round_.check();
        co_return co_await round_.pause_until(pace_.next());
    }

  private:
    Round const& round_;
    Pace pace_;
    Counter& read_;
};

class Scrub {
  public:
    Scrub(registry::Registry& registry, blob::BlobUpkeep& store, ScrubRules rules, Round const& round,
          Log const& log, Metrics& metrics)
        : registry_(registry),
          store_(store),
          rules_(rules),
          log_(log),
          ok_(metrics.counter("ocilot_scrub_blobs_total", blobs_help, {{"outcome", "ok"}})),
          taken_(metrics.counter("ocilot_scrub_blobs_total", blobs_help, {{"outcome", "quarantined"}})),
          failed_(metrics.counter("ocilot_scrub_blobs_total", blobs_help, {{"outcome", "failed"}})),
          pace_(round, rules.rate, metrics.counter("ocilot_scrub_bytes_total", "Bytes read by the scrub.")) {}

    Task<Result<std::size_t>> run();

  private:
    enum class State : std::uint8_t { good, rotten, unreadable };

    Task<Result<>> walk(std::optional<oci::Digest>& after);
    Task<Result<>> look_at(oci::Digest digest);
    Task<Result<State>> state_of(oci::Digest digest);
    Task<Result<oci::Digest>> hash_of(oci::Digest digest);
    Task<Result<>> well(oci::Digest digest);
    Task<Result<>> take_away(oci::Digest digest, State state);
    Task<Result<>> save_position(std::optional<oci::Digest> after);

    registry::Registry& registry_;
    blob::BlobUpkeep& store_;
    ScrubRules rules_;
    Log const& log_;
    Counter& ok_;
    Counter& taken_;
    Counter& failed_;
    RateLimit pace_;
    Time kept_at_;
    std::size_t count_ = 0;
};

Task<Result<std::size_t>> Scrub::run() {
    CO_TRY(auto const position, co_await registry_.meta.scrub().position());
    std::optional<oci::Digest> after;
    if (position) after = position->after;
    kept_at_ = registry_.clock.now();
    auto const walked = co_await walk(after);
    if (walked.has_value()) co_return count_;
    if (walked.error().code == Errc::cancelled && after) {
        CO_CHECK(co_await save_position(after));
    }
    co_return walked.error();
}

Task<Result<>> Scrub::walk(std::optional<oci::Digest>& after) {
    for (;;) {
        CO_TRY(auto const page, co_await store_.list(after, page_size));
        for (auto const& digest : page.digests) {
            CO_CHECK(co_await look_at(digest));
            after = digest;
            if (registry_.clock.now() - kept_at_ >= rules_.save_position_every) {
                CO_CHECK(co_await save_position(after));
            }
        }
        if (page.digests.size() < page_size) co_return co_await save_position(std::nullopt);
    }
}

Task<Result<>> Scrub::save_position(std::optional<oci::Digest> after) {
    kept_at_ = registry_.clock.now();
    co_return co_await registry_.meta.scrub().save_position({after, kept_at_});
}

Task<Result<>> Scrub::look_at(oci::Digest digest) {
    CO_CHECK(co_await pace_.wait(cost_of_a_blob));
    auto const look = registry_.sessions.pushes().inspect(digest);
    if (!look) co_return Result<>();  // A request that could not read it is examining it.
    auto state = co_await state_of(digest);
    // What was wrong in memory or on the way is right the second time; the disk stays wrong.
    if (state.has_value() && *state != State::good) state = co_await state_of(digest);
    if (state.has_error()) {
        if (state.error().code == Errc::cancelled) co_return state.error();
        if (state.error().code == Errc::blob_unknown) co_return Result<>();  // Removed meanwhile.
        failed_.add();
        log_.error("blob not readable", {{"digest", digest.str()}, {"err", state.error().message}});
        co_return Result<>();
    }
    if (*state == State::good) co_return co_await well(digest);
    // A disk that fails as a whole says nothing about one blob.
    if (*state == State::unreadable) {
        CO_CHECK(co_await registry_.blobs.check());
    }
    // A push meanwhile has brought good bytes; one that is under way as well: the next round looks at them.
    if (!look->stop_pushes()) co_return Result<>();
    co_return co_await take_away(digest, *state);
}

Task<Result<Scrub::State>> Scrub::state_of(oci::Digest digest) {
    auto const actual = co_await hash_of(digest);
    if (actual.has_value()) co_return *actual == digest ? State::good : State::rotten;
    if (actual.error().code == Errc::io) co_return State::unreadable;
    co_return actual.error();
}

Task<Result<oci::Digest>> Scrub::hash_of(oci::Digest digest) {
    CO_TRY(auto const blob, co_await store_.inspect(digest));
    co_return co_await rehash(*blob, digest.algorithm(), pace_);
}

/// A request that could not read it may have quarantined it: its disk was away for a while.
Task<Result<>> Scrub::well(oci::Digest digest) {
    ok_.add();
    auto& facts = registry_.meta.scrub();
    CO_TRY(bool const hidden, co_await facts.is_quarantined(digest));
    if (!hidden) co_return Result<>();
    log_.info("blob released from quarantine", {{"digest", digest.str()}});
    co_return co_await facts.release(digest);
}

/// Facts first, bytes second: from the first step on clients are told to push it again. No push comes in
/// between: its bytes would go with the rotten ones.
Task<Result<>> Scrub::take_away(oci::Digest digest, State state) {
    CO_CHECK(co_await registry_.meta.scrub().quarantine(digest, registry_.clock.now()));
    auto const moved = co_await store_.quarantine(digest);
    if (moved.has_error() && moved.error().code != Errc::blob_unknown) {
        // What the disk does not read it may not move, either; the next push replaces it.
        if (state == State::rotten || moved.error().code != Errc::io) co_return moved.error();
        log_.error("file of an unreadable blob not moved to quarantine",
                   {{"digest", digest.str()}, {"err", moved.error().message}});
    }
    log_.error(state == State::rotten ? "blob is corrupted and was quarantined; push it again"
                                      : "blob is unreadable and was quarantined; push it again",
               {{"digest", digest.str()}});
    taken_.add();
    ++count_;
    co_return Result<>();
}

}  // namespace

Task<Result<std::size_t>> scrub(registry::Registry& registry, blob::BlobUpkeep& store, ScrubRules rules,
                                Round const& round, Log const& log, Metrics& metrics) {
    Scrub scrub(registry, store, rules, round, log, metrics);
    co_return co_await scrub.run();
}

Task<Result<std::size_t>> scrub_due_in(registry::Registry& registry, std::chrono::seconds interval) {
    CO_TRY(auto const position, co_await registry.meta.scrub().position());
    if (!position || position->after) co_return std::size_t{0};
    auto const left =
        std::chrono::ceil<std::chrono::seconds>(position->noted_at + interval - registry.clock.now());
    co_return static_cast<std::size_t>(std::clamp(left, std::chrono::seconds(0), interval).count());
}

}  // namespace ocilot::jobs
