#include "registry/push_blob.h"

#include "base/counted.h"
#include "registry/actor.h"
#include "registry/admit.h"
#include "registry/end_upload.h"
#include "registry/peeked_body.h"
#include "registry/receive.h"
#include "registry/release_bytes.h"
#include "registry/sessions.h"
#include "registry/storage_room.h"
#include "registry/upload_records.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::registry {

namespace {

/// A chunk that says where it belongs cannot mix with another; it may wait for a broken connection to be
/// noticed.
IfLocked lock_policy(Chunk const& chunk) {
    return chunk.first ? IfLocked::wait_briefly : IfLocked::refuse;
}

Result<> in_order(Chunk const& chunk, std::uint64_t offset) {
    if (!chunk.first || *chunk.first == offset) return {};
    return Error{Errc::range_invalid,
                 fmt::format("the chunk starts at byte {}, but the upload has {}; continue at that offset",
                             *chunk.first, counted_bytes(offset))};
}

/// Whether there is room for a chunk; one that brings nothing needs none.
Task<Result<>> check_room(Registry& registry, Chunk const& chunk) {
    if (registry.room == nullptr || chunk.length == 0) co_return Result<>{};
    co_return co_await registry.room->require(chunk.length.value_or(0));
}

/// Where the bytes of a chunk go, if it belongs there.
Task<Result<>> begin_closing(Registry& registry, SessionLock const& session_lock, Chunk const& last) {
    auto& session = session_lock.session();
    // Only an earlier process's bytes have to be looked at to know how many there are.
    if (session.recorded.load()) {
        CO_CHECK(co_await open_bytes(registry, session_lock));
    }
    CO_CHECK(in_order(last, session.offset.load()));
    CO_CHECK(co_await check_room(registry, last));
    co_return co_await open_bytes(registry, session_lock);
}

/// The same for bytes that will be kept.
Task<Result<>> begin_bytes(Registry& registry, SessionLock const& session_lock, Chunk const& chunk) {
    auto const& session = session_lock.session();
    // A request that is refused, or brings nothing, ends no session of others.
    if (!session.recorded.load()) {
        CO_CHECK(in_order(chunk, session.offset.load()));
    }
    CO_CHECK(co_await check_room(registry, chunk));
    if (chunk.length != 0) {
        CO_CHECK(co_await reserve_upload(registry, session_lock.session()));
    }
    co_return co_await begin_closing(registry, session_lock, chunk);
}

/// An upload that found no room, on the disk or in the quota, must not take any.
bool found_no_room(Errc code) {
    return code == Errc::no_space || code == Errc::quota_exceeded;
}

/// Its session ends, and the client starts again.
Task<> drop_upload(Registry& registry, SessionLock const& session_lock, Error const& error) {
    auto& session = session_lock.session();
    bool const held = session.offset.load() > 0;
    // Where the row cannot be removed either, the bytes are gone all the same.
    if (!session.stale) (void)co_await end_session(registry, session_lock);
    if (error.code != Errc::no_space) co_return;
    note_out_of_room(registry, error, session.fact.repository.str(),
                     held ? OutOfRoom::dropped : OutOfRoom::refused);
}

/// What every received blob passes before it is stored: its digest, then the gate.
Task<Result<meta::BlobFact>> prove(Registry& registry, policy::Caller const& caller,
                                   oci::RepositoryName const& repository, blob::Upload& upload,
                                   oci::Digest const& digest) {
    CO_TRY(auto const actual, co_await upload.digest(digest.algorithm()));
    if (actual != digest) {
        co_return Error{Errc::digest_invalid,
                        fmt::format("the {} digest {}, not {}; nothing was stored, send the blob again",
                                    counted(upload.size(), "byte received has", "bytes received have"),
                                    actual.str(), digest.str())};
    }
    if (registry.gate.asks(policy::Point::admit_blob)) {
        policy::BlobPush const push{caller, repository, digest, upload.size()};
        CO_CHECK(admitted(co_await registry.gate.admit_blob(push)));
    }
    co_return meta::BlobFact{digest, upload.size()};
}

/// The second half of it. Bytes without the fact are left to the garbage collection.
Task<Result<>> link_stored(Registry& registry, policy::Caller const& caller,
                           oci::RepositoryName const& repository, meta::BlobFact fact,
                           std::optional<meta::UploadClaim> recorded) {
    auto const linked = co_await registry.meta.links().link_blob(
        repository, fact, recorded, actor_of(caller), registry.clock.now(),
        limits_of(registry.rules, caller, repository));
    if (linked.has_error()) co_await release_bytes(registry, fact.digest);
    co_return linked;
}

/// Bytes first, facts second.
Task<Result<>> store(Registry& registry, UploadRef ref, blob::Upload& upload, meta::BlobFact fact,
                     std::optional<meta::UploadClaim> recorded) {
    auto const push = co_await registry.sessions.pushes().begin(fact.digest);
    CO_CHECK(co_await upload.commit(fact.digest));
    co_return co_await link_stored(registry, ref.caller, ref.repository, fact, recorded);
}

Task<Result<meta::BlobFact>> receive_whole(Registry& registry, policy::Caller const& caller,
                                           oci::RepositoryName const& repository, blob::Upload& upload,
                                           Chunk whole, oci::Digest const& digest) {
    std::atomic<std::uint64_t> offset{0};
    QuotaRoom quota;
    if (registry.rules.has_quotas()) {
        CO_TRY(quota, co_await quota_room(registry, caller, repository));
    }
    CO_CHECK(co_await receive(upload, whole, offset, registry.upload_memory, registry.room, quota));
    co_return co_await prove(registry, caller, repository, upload, digest);
}

/// The body, to where it ends or breaks off.
Task<Result<>> receive_into(Registry& registry, policy::Caller const& caller, SessionLock const& session_lock,
                            Chunk chunk) {
    auto& session = session_lock.session();
    auto const before = session.offset.load();
    QuotaRoom quota;
    if (registry.rules.has_quotas()) {
        CO_TRY(quota, co_await quota_room(registry, caller, session.fact.repository));
    }
    auto const received = co_await receive(session_lock.upload(), chunk, session.offset,
                                           registry.upload_memory, registry.room, quota);
    if (session.offset.load() != before) {
        session.last_write.store(registry.sessions.now());
        session.written.store(true);
    }
    // Another process goes on with it.
    if (received.has_error() && received.error().code == Errc::upload_unknown)
        registry.sessions.forget(session);
    co_return received;
}

/// The closing body, which may be all of the blob, and the proof that the upload is now what it should be.
Task<Result<meta::BlobFact>> receive_last(Registry& registry, UploadRef ref, SessionLock const& session_lock,
                                          Chunk last, oci::Digest const& digest) {
    auto& session = session_lock.session();
    bool const unranged = !last.first && last.length != 0;
    PeekedBody body(last.bytes);
    // Clients repeat a request whose blob failed: it must not be added to what is left of the first try. But
    // nothing is dropped for a body that brings nothing.
    if (unranged && session.expects_retry) {
        CO_TRY(bool const brings, co_await body.peek());
        if (brings) {
            CO_CHECK(co_await reset_upload(registry, session_lock));
        }
    }
    auto const before = session.offset.load();
    auto const received =
        co_await receive_into(registry, ref.caller, session_lock, {body, last.first, last.length});
    bool const brought = session.offset.load() != before;
    if (received.has_error()) {
        if (brought) session.expects_retry = unranged && before == 0;
        co_return received.error();
    }
    auto const fact = co_await prove(registry, ref.caller, ref.repository, session_lock.upload(), digest);
    // Wrong bytes before this request may be what a restart left of the first try.
    if (brought) session.expects_retry = fact.has_error() && unranged;
    co_return fact;
}

/// The client may go on from what came. Where that cannot be recorded it can for as long as this process
/// lives; the reason of the refusal matters more.
Task<> keep_unfinished(Registry& registry, SessionLock const& session_lock) {
    auto& session = session_lock.session();
    if (session.offset.load() > 0) {
        auto const room = co_await reserve_upload(registry, session);
        if (room.has_error()) session.offset.store(0);
    }
    (void)co_await record_progress(registry, session_lock);
}

/// The bytes are proven: what is left of the session ends here, whatever comes.
Task<Result<>> store_locked(Registry& registry, UploadRef ref, SessionLock const& session_lock,
                            meta::BlobFact fact) {
    auto& session = session_lock.session();
    std::optional<meta::UploadClaim> claim;
    if (session.recorded.load()) claim = {ref.id, session.epoch};
    auto const stored = co_await store(registry, ref, session_lock.upload(), fact, claim);
    if (stored.has_value()) {
        registry.sessions.end(session);
        co_return stored;
    }
    if (stored.has_error() && found_no_room(stored.error().code)) co_return stored;
    session.offset.store(session_lock.upload().size());
    auto const known = co_await record(registry, session);
    // A session that nobody can find again must not keep room on a disk that is full.
    if (known.has_error()) (void)co_await registry.blobs.discard(ref.id);
    // The next request finds it in the facts and reads what is really left. Not earlier, or it would be found
    // there and opened anew.
    registry.sessions.forget(session);
    co_return stored;
}

Task<Result<meta::BlobFact>> close_locked(Registry& registry, UploadRef ref, SessionLock const& session_lock,
                                          Chunk last, oci::Digest const& digest) {
    CO_TRY(auto const fact, co_await receive_last(registry, ref, session_lock, last, digest));
    CO_CHECK(co_await store_locked(registry, ref, session_lock, fact));
    co_return fact;
}

/// A closing request that fails leaves what came, unless there was no room for it.
Task<Result<meta::BlobFact>> finish_locked(Registry& registry, UploadRef ref, SessionLock const& session_lock,
                                           Chunk last, oci::Digest const& digest) {
    CO_CHECK(co_await begin_closing(registry, session_lock, last));
    auto const fact = co_await close_locked(registry, ref, session_lock, last, digest);
    bool const keeps = fact.has_error() && !found_no_room(fact.error().code);
    if (keeps && !session_lock.session().stale) co_await keep_unfinished(registry, session_lock);
    co_return fact;
}

Task<Result<std::uint64_t>> append_locked(Registry& registry, policy::Caller const& caller,
                                          SessionLock const& session_lock, Chunk chunk) {
    auto& session = session_lock.session();
    CO_CHECK(co_await begin_bytes(registry, session_lock, chunk));
    auto const before = session.offset.load();
    auto const received = co_await receive_into(registry, caller, session_lock, chunk);
    auto const offset = session.offset.load();
    if (received.has_value() || offset != before) session.expects_retry = false;
    Result<> kept;
    if (!session.stale) kept = co_await record_progress(registry, session_lock);
    CO_CHECK(received);
    CO_CHECK(kept);
    co_return offset;
}

/// Receives, proves and stores a blob that has no session.
Task<Result<meta::BlobFact>> push_whole(Registry& registry, policy::Caller const& caller,
                                        oci::RepositoryName const& repository, Chunk whole,
                                        oci::Digest const& digest) {
    auto const id = Uuid::random(registry.random);
    CO_TRY(auto const upload, co_await registry.blobs.create(id, digest.algorithm()));
    auto const fact = co_await receive_whole(registry, caller, repository, *upload, whole, digest);
    if (fact.has_error()) {
        // What cannot be removed now goes at the next start; the client needs the reason of the refusal.
        (void)co_await upload->discard();
        co_return fact.error();
    }
    auto const push = co_await registry.sessions.pushes().begin(digest);
    auto const committed = co_await upload->commit(digest);
    if (committed.has_error()) {
        (void)co_await upload->discard();
        co_return committed.error();
    }
    CO_CHECK(co_await link_stored(registry, caller, repository, *fact, std::nullopt));
    co_return fact;
}

}  // namespace

StartedUpload start_upload(Registry& registry, policy::Caller const& caller,
                           oci::RepositoryName const& repository, oci::Algorithm algorithm) {
    auto& sessions = registry.sessions;
    OpenedUpload const opened{Uuid::random(registry.random), algorithm, sessions.now()};
    return {opened.id, sessions.seal().seal(opened, repository, owner_of(caller))};
}

Result<UploadRef> find_upload(Registry& registry, policy::Caller const& caller,
                              oci::RepositoryName const& repository, std::string_view segment) {
    // What earlier versions opened has no seal: the metadata say what it is.
    if (auto const id = Uuid::parse(segment)) return UploadRef{caller, repository, *id, std::nullopt};
    auto const opened = registry.sessions.seal().open(segment, repository, owner_of(caller));
    if (opened) return UploadRef{caller, repository, opened->id, opened};
    return Error{
        Errc::upload_unknown,
        "upload session not found in this repository; start one with POST /v2/<name>/blobs/uploads/"};
}

Task<Result<std::uint64_t>> upload_offset(Registry& registry, UploadRef ref) {
    auto const session_lock = co_await lock_session(registry, ref, IfLocked::wait_briefly);
    if (session_lock.has_value()) {
        auto& session = session_lock->session();
        if (session.recorded.load()) {
            CO_CHECK(co_await open_bytes(registry, *session_lock));
        }
        co_return session.offset.load();
    }
    if (session_lock.error().code != Errc::upload_busy) co_return session_lock.error();
    // Somebody is really writing: tell how far it has come.
    CO_TRY(auto const session, co_await find_session(registry, ref));
    co_return session->offset.load();
}

Task<Result<std::uint64_t>> append_upload(Registry& registry, UploadRef ref, Chunk chunk) {
    CO_TRY(auto const session_lock, co_await lock_session(registry, ref, lock_policy(chunk)));
    auto const offset = co_await append_locked(registry, ref.caller, session_lock, chunk);
    if (offset.has_error() && found_no_room(offset.error().code)) {
        co_await drop_upload(registry, session_lock, offset.error());
    }
    co_return offset;
}

Task<Result<meta::BlobFact>> finish_upload(Registry& registry, UploadRef ref, Chunk last,
                                           oci::Digest const& digest) {
    // The digest proves that nothing was mixed, so this may always wait for a broken connection to be
    // noticed.
    CO_TRY(auto const session_lock, co_await lock_session(registry, ref, IfLocked::wait_briefly));
    auto const fact = co_await finish_locked(registry, ref, session_lock, last, digest);
    if (fact.has_error() && found_no_room(fact.error().code)) {
        co_await drop_upload(registry, session_lock, fact.error());
    }
    co_return fact;
}

Task<Result<>> cancel_upload(Registry& registry, UploadRef ref) {
    CO_TRY(auto const session_lock, co_await lock_session(registry, ref, IfLocked::wait_briefly));
    co_return co_await end_session(registry, session_lock);
}

Task<Result<meta::BlobFact>> push_blob(Registry& registry, policy::Caller const& caller,
                                       oci::RepositoryName const& repository, Chunk whole,
                                       oci::Digest const& digest) {
    CO_CHECK(co_await require_room(registry, repository.str(), whole.length.value_or(0)));
    auto const fact = co_await push_whole(registry, caller, repository, whole, digest);
    if (fact.has_error() && fact.error().code == Errc::no_space) {
        note_out_of_room(registry, fact.error(), repository.str(), OutOfRoom::dropped);
    }
    co_return fact;
}

Task<Result<meta::Slice<std::string>>> list_holders(Registry& registry, oci::Digest const& digest,
                                                    meta::Page page) {
    co_return co_await registry.meta.links().holders(digest, std::move(page));
}

Task<Result<meta::BlobFact>> mount_blob(Registry& registry, policy::Caller const& caller,
                                        oci::RepositoryName const& source, oci::RepositoryName const& target,
                                        oci::Digest const& digest) {
    if (registry.gate.asks(policy::Point::admit_blob)) {
        CO_TRY(auto const fact, co_await registry.meta.links().blob(source, digest));
        policy::BlobPush const push{caller, target, digest, fact.size};
        CO_CHECK(admitted(co_await registry.gate.admit_blob(push)));
    }
    co_return co_await registry.meta.links().mount_blob(source, target, digest, actor_of(caller),
                                                        registry.clock.now(),
                                                        limits_of(registry.rules, caller, target));
}

}  // namespace ocilot::registry
