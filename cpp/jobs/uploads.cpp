#include "jobs/uploads.h"

#include "registry/push_blob.h"

#include <unordered_set>

namespace ocilot::jobs {

namespace {

constexpr std::size_t batch = 100;

}  // namespace

Task<Result<std::size_t>> expire_uploads(registry::Registry& registry, std::chrono::seconds age) {
    auto const oldest = registry.clock.now() - age;
    std::size_t ended = 0;
    for (;;) {
        CO_TRY(auto const stale, co_await registry.meta.uploads().started_before(oldest, batch));
        std::size_t now_ended = 0;
        for (auto const& upload : stale) {
            policy::Caller const owner{.name = upload.started_by, .groups = {}, .address = {}};
            registry::UploadRef const ref{owner, upload.repository, upload.id};
            auto const cancelled = co_await registry::cancel_upload(registry, ref);
            if (cancelled.has_value()) {
                ++now_ended;
            } else if (cancelled.error().code != Errc::upload_busy &&
                       cancelled.error().code != Errc::upload_unknown) {
                co_return cancelled.error();
            }
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
