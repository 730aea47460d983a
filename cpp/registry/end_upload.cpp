#include "registry/end_upload.h"

namespace ocilot::registry {

Task<Result<>> end_session(Registry& registry, SessionLock const& session_lock) {
    auto& session = session_lock.session();
    bool const recorded = session.recorded.load();
    Result<> closed;
    if (recorded) closed = co_await registry.meta.uploads().close({session.fact.id, session.epoch});
    if (closed.has_error() && closed.error().code == Errc::upload_busy) {
        registry.sessions.forget(session);
        co_return closed;
    }
    // Also if the facts failed: on a full disk this is what makes room.
    Result<> discarded;
    if (session.upload) {
        discarded = co_await session.upload->discard();
    } else if (recorded) {
        discarded = co_await registry.blobs.discard(session.fact.id);
    }
    if (closed.has_error() && closed.error().code == Errc::no_space) {
        closed = co_await registry.meta.uploads().close({session.fact.id, session.epoch});
    }
    if (closed.has_error()) {
        registry.sessions.forget(session);  // Without bytes it is an empty one.
        co_return closed;
    }
    registry.sessions.end(session);
    co_return discarded;
}

Task<Result<bool>> end_if_idle(Registry& registry, meta::UploadFact upload, Time before) {
    upload.state = {};
    auto session = registry.sessions.find_or_add(std::make_shared<UploadSession>(std::move(upload), true));
    if (!session || session->last_write.load() >= before) co_return false;
    auto const session_lock = try_lock_session(registry, std::move(session));
    // A request may have brought bytes, and ended, since.
    if (!session_lock || session_lock->session().last_write.load() >= before) co_return false;
    auto const ended = co_await end_session(registry, *session_lock);
    if (ended.has_value()) co_return true;
    auto const code = ended.error().code;
    if (code == Errc::upload_busy || code == Errc::upload_unknown) co_return false;
    co_return ended.error();
}

}  // namespace ocilot::registry
