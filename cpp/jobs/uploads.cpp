#include "jobs/uploads.h"

#include "registry/sessions.h"

#include <unordered_set>

namespace ocilot::jobs {

namespace {

constexpr std::size_t batch = 100;

/// Whether it ended; one that is being written to does not, and one that is gone has ended by itself.
Task<Result<bool>> end(registry::Registry& registry, meta::UploadFact const& upload) {
    policy::Caller const owner{.name = upload.started_by, .groups = {}, .address = {}};
    registry::UploadRef const ref{owner, upload.repository, upload.id};
    auto const cancelled = co_await registry::cancel_upload(registry, ref);
    if (cancelled.has_value()) co_return true;
    auto const code = cancelled.error().code;
    if (code == Errc::upload_busy || code == Errc::upload_unknown) co_return false;
    co_return cancelled.error();
}

Task<Result<std::size_t>> expire_unrecorded(registry::Registry& registry, Time oldest) {
    std::size_t ended = 0;
    auto const sessions = registry.sessions.unrecorded();
    for (auto const& session : sessions) {
        if (session->fact.started_at >= oldest) continue;
        CO_TRY(bool const gone, co_await end(registry, session->fact));
        if (gone) ++ended;
    }
    co_return ended;
}

}  // namespace

Task<Result<std::size_t>> expire_uploads(registry::Registry& registry, std::chrono::seconds age) {
    auto const oldest = registry.clock.now() - age;
    CO_TRY(auto ended, co_await expire_unrecorded(registry, oldest));
    for (;;) {
        CO_TRY(auto const stale, co_await registry.meta.uploads().started_before(oldest, batch));
        std::size_t now_ended = 0;
        for (auto const& upload : stale) {
            CO_TRY(bool const gone, co_await end(registry, upload));
            if (gone) ++now_ended;
        }
        ended += now_ended;
        // What is left is being written to: the next round looks again.
        if (now_ended == 0 || stale.size() < batch) co_return ended;
    }
}

Task<Result<std::size_t>> sweep_orphaned_uploads(registry::Registry& registry) {
    CO_TRY(auto const held, co_await registry.blobs.uploads());
    if (held.empty()) co_return std::size_t{0};
    CO_TRY(auto const sessions,
           co_await registry.meta.uploads().started_before(Time::max(), static_cast<std::size_t>(-1) / 2));
    std::unordered_set<Uuid> known;
    for (auto const& session : sessions) known.insert(session.id);
    std::size_t swept = 0;
    for (auto const& id : held) {
        if (known.contains(id)) continue;
        CO_CHECK(co_await registry.blobs.discard(id));
        ++swept;
    }
    co_return swept;
}

}  // namespace ocilot::jobs
