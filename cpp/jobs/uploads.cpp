#include "jobs/uploads.h"

#include "registry/end_upload.h"
#include "registry/upload_records.h"

#include <algorithm>
#include <unordered_set>

namespace ocilot::jobs {

namespace {

constexpr std::size_t batch = 100;
/// By this part of the age at most, what the metadata know of a session may be too old after a kill.
constexpr int age_parts = 16;
/// Down time that counts as any other.
constexpr std::chrono::hours longest_down{24};

/// One round over the sessions, each of which may fail for itself.
class Expiry {
  public:
    Expiry(registry::Registry& registry, std::chrono::seconds age, Round const& round, Log const& log,
           Metrics& metrics)
        : registry_(registry),
          round_(round),
          oldest_(registry.sessions.now() - age),
          oldest_of_others_(oldest_ - age / age_parts),
          log_(log),
          failed_(metrics.counter("ocilot_uploads_not_expired_total",
                                  "Expired upload sessions that could not be removed.", {})) {}

    Task<Result<std::size_t>> run() {
        std::optional<meta::UploadCursor> place;
        for (;;) {
            CO_TRY(auto const idle, co_await registry_.meta.uploads().idle_since(oldest_, place, batch));
            for (auto const& upload : idle) {
                CO_CHECK(round_.check());
                co_await end(upload, is_exact(upload) ? oldest_ : oldest_of_others_);
            }
            if (idle.size() < batch) break;
            place = {idle.back().last_write_at, idle.back().id};
        }
        // Those that could not be recorded.
        for (auto const& session : registry_.sessions.all()) {
            CO_CHECK(round_.check());
            if (!session->recorded.load()) co_await end_unrecorded(session);
        }
        co_return ended_;
    }

  private:
    /// Whether this process knows when the last byte came: it received that, and did not only look.
    [[nodiscard]] bool is_exact(meta::UploadFact const& upload) const {
        auto const session = registry_.sessions.find(upload.id);
        return session && session->written.load();
    }
    Task<> end(meta::UploadFact const& upload, Time before) {
        if (upload.last_write_at >= before) co_return;
        auto const ended = co_await registry::end_if_idle(registry_, upload, before);
        count(upload, ended);
    }
    Task<> end_unrecorded(std::shared_ptr<registry::UploadSession> session) {
        if (session->last_write.load() >= oldest_) co_return;
        auto const fact = session->fact;
        auto const session_lock = registry::try_lock_session(registry_, std::move(session));
        if (!session_lock || session_lock->session().last_write.load() >= oldest_) co_return;
        auto const done = co_await registry::end_session(registry_, *session_lock);
        count(fact, done.has_error() ? Result<bool>(done.error()) : Result<bool>(true));
    }
    void count(meta::UploadFact const& upload, Result<bool> const& ended) {
        if (ended.has_error()) {
            failed_.add();
            log_.warn("upload not expired", {{"upload", upload.id.str()},
                                             {"repository", upload.repository.str()},
                                             {"err", ended.error().message}});
        } else if (*ended) {
            ++ended_;
        }
    }

    registry::Registry& registry_;
    Round const& round_;
    Time oldest_;
    Time oldest_of_others_;
    Log const& log_;
    Counter& failed_;
    std::size_t ended_ = 0;
};

}  // namespace

Task<Result<std::size_t>> expire_uploads(registry::Registry& registry, std::chrono::seconds age,
                                         Round const& round, Log const& log, Metrics& metrics) {
    meta::RunRecord note{registry.sessions.now()};
    CO_CHECK(co_await registry.meta.uploads().exchange_run_record(std::move(note)));
    if (age <= std::chrono::seconds(0)) co_return std::size_t{0};
    Expiry expiry(registry, age, round, log, metrics);
    co_return co_await expiry.run();
}

Task<Result<>> adopt_uploads(registry::Registry& registry, std::chrono::seconds age) {
    using std::chrono::microseconds;
    auto const counted = std::min<microseconds>(longest_down, age / 2);
    co_return co_await registry::adopt_sessions(registry, std::max(counted, microseconds(0)));
}

Task<Result<std::size_t>> sweep_orphaned_uploads(registry::Registry& registry, blob::BlobUpkeep& store) {
    CO_TRY(auto const held, co_await store.uploads());
    if (held.empty()) co_return std::size_t{0};
    std::unordered_set<Uuid> known;
    std::optional<meta::UploadCursor> place;
    for (bool more = true; more;) {
        CO_TRY(auto const sessions, co_await registry.meta.uploads().idle_since(Time::max(), place, batch));
        for (auto const& session : sessions) known.insert(session.id);
        more = sessions.size() == batch;
        if (more) place = {sessions.back().last_write_at, sessions.back().id};
    }
    std::size_t swept = 0;
    for (auto const& id : held) {
        if (known.contains(id)) continue;
        CO_CHECK(co_await registry.blobs.discard(id));
        ++swept;
    }
    co_return swept;
}

}  // namespace ocilot::jobs
