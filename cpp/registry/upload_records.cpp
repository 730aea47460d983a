#include "registry/upload_records.h"

#include <utility>

namespace ocilot::registry {

namespace {

/// Bytes that one process may have to hash again after a kill.
constexpr std::uint64_t max_unrecorded = 16 * 1024 * 1024;
/// What may be missing from the age of a session after a kill, as a part of the age at which it expires.
constexpr int age_parts = 16;

bool is_due(Registry& registry, UploadSession const& session) {
    auto const offset = session.offset.load();
    if (offset == session.recorded_offset) return false;
    auto const& rules = registry.rules;
    return rules.replicated || offset < session.recorded_offset ||
           offset - session.recorded_offset >= max_unrecorded ||
           (rules.upload_age > std::chrono::seconds(0) &&
            session.last_write.load() - session.recorded_at >= rules.upload_age / age_parts);
}

meta::UploadProgress progress_of(UploadSession const& session) {
    return {{session.fact.id, session.epoch},
            session.offset.load(),
            session.upload ? session.upload->state() : std::string(),
            session.last_write.load()};
}

void recorded(UploadSession& session, meta::UploadProgress const& progress) {
    session.recorded.store(true);
    session.recorded_offset = progress.offset;
    session.recorded_at = progress.last_write_at;
}

bool is_lost(Error const& error) {
    return error.code == Errc::upload_busy || error.code == Errc::upload_unknown;
}

Task<Result<>> write(Registry& registry, UploadSession& session, meta::UploadProgress progress) {
    auto const written = co_await registry.meta.uploads().write(progress);
    if (written.has_error()) {
        if (is_lost(written.error())) registry.sessions.forget(session);
        co_return written.error();
    }
    recorded(session, progress);
    co_return Result<>{};
}

/// Takes over the bytes of an earlier holder.
Task<Result<>> resume_upload(Registry& registry, UploadSession& session) {
    auto& uploads = registry.meta.uploads();
    auto const& name = session.fact.repository;
    CO_TRY(auto fact, co_await uploads.claim(name, session.fact.id, registry.sessions.seal().holder()));
    session.epoch = fact.epoch;
    session.recorded_offset = fact.offset;
    session.recorded_at = fact.last_write_at;
    auto upload = co_await registry.blobs.resume(fact.id, fact.algorithm, std::move(fact.state));
    if (upload.has_error() && upload.error().code == Errc::upload_unknown) {
        // Other bytes will come: nobody may think that they are those of the row.
        session.offset.store(0);
        CO_CHECK(co_await write(registry, session, progress_of(session)));
        upload = co_await registry.blobs.create(fact.id, fact.algorithm);
    }
    if (upload.has_error()) co_return upload.error();
    session.upload = std::move(*upload);
    session.offset.store(session.upload->size());
    co_return Result<>{};
}

/// A session that has no bytes needs no file.
Task<Result<>> drop_empty(UploadSession& session) {
    if (!session.upload) co_return Result<>{};
    CO_CHECK(co_await session.upload->discard());
    session.upload.reset();
    session.expects_retry = false;
    co_return Result<>{};
}

}  // namespace

Task<Result<>> open_bytes(Registry& registry, SessionLock const& session_lock) {
    auto& session = session_lock.session();
    if (session.upload) co_return Result<>{};
    if (!session.recorded.load()) {
        CO_TRY(session.upload, co_await registry.blobs.create(session.fact.id, session.fact.algorithm));
        co_return Result<>{};
    }
    auto const taken = co_await resume_upload(registry, session);
    // Ended between the look at memory and the look at the facts, or the store fails: start afresh.
    if (taken.has_error() && !session.stale) registry.sessions.forget(session);
    co_return taken;
}

Task<Result<>> reset_upload(Registry& registry, SessionLock const& session_lock) {
    auto& session = session_lock.session();
    if (session.recorded.load()) {
        // Facts first: the row must not tell of bytes that others take the place of.
        meta::UploadProgress empty{{session.fact.id, session.epoch}, 0, {}, session.last_write.load()};
        CO_CHECK(co_await write(registry, session, std::move(empty)));
    }
    CO_CHECK(co_await session.upload->discard());
    session.upload.reset();
    session.offset.store(0);
    CO_TRY(session.upload, co_await registry.blobs.create(session.fact.id, session.fact.algorithm));
    co_return Result<>{};
}

Task<Result<>> record(Registry& registry, UploadSession& session) {
    if (session.recorded.load()) co_return Result<>{};
    auto const progress = progress_of(session);
    auto fact = session.fact;
    fact.offset = progress.offset;
    fact.state = progress.state;
    fact.holder = registry.sessions.seal().holder();
    fact.epoch = session.epoch;
    fact.last_write_at = progress.last_write_at;
    CO_CHECK(co_await registry.meta.uploads().open(std::move(fact)));
    recorded(session, progress);
    co_return Result<>{};
}

Task<Result<>> record_progress(Registry& registry, SessionLock const& session_lock) {
    auto& session = session_lock.session();
    if (session.recorded.load()) {
        if (!is_due(registry, session)) co_return Result<>{};
        co_return co_await write(registry, session, progress_of(session));
    }
    if (session.offset.load() == 0) co_return co_await drop_empty(session);
    co_return co_await record(registry, session);
}

namespace {

Task<Result<>> write_run_record(Registry& registry, meta::RunRecord note) {
    auto const noted = co_await registry.meta.uploads().exchange_run_record(std::move(note));
    if (noted.has_error()) co_return noted.error();
    co_return Result<>{};
}

}  // namespace

Task<Result<>> record_all(Registry& registry) {
    constexpr std::size_t batch = 100;
    // First, in case the process gets no time for the rest: what ended stays ended.
    meta::RunRecord note{registry.sessions.now(), registry.sessions.serialize_ended()};
    auto outcome = co_await write_run_record(registry, std::move(note));
    std::vector<meta::UploadProgress> written;
    for (auto const& session : registry.sessions.all()) {
        if (!session->upload || session->ended.load()) continue;
        auto const synced = co_await session->upload->sync();
        session->offset.store(session->upload->size());
        session->upload->park();
        if (synced.has_error()) outcome = synced;
        if (session->recorded.load()) {
            written.push_back(progress_of(*session));
        } else if (session->offset.load() > 0) {
            auto const opened = co_await record(registry, *session);
            if (opened.has_error()) outcome = opened;
        }
        if (written.size() < batch) continue;
        auto const some = co_await registry.meta.uploads().write_all(std::exchange(written, {}));
        if (some.has_error()) outcome = some;
    }
    auto const rest = co_await registry.meta.uploads().write_all(std::move(written));
    co_return rest.has_error() ? rest : outcome;
}

Task<Result<>> adopt_sessions(Registry& registry, std::chrono::microseconds counted) {
    meta::RunRecord fresh{registry.sessions.now()};
    CO_TRY(auto const note, co_await registry.meta.uploads().begin_run(std::move(fresh), counted));
    if (note) registry.sessions.restore_ended(note->text);
    co_return Result<>{};
}

}  // namespace ocilot::registry
