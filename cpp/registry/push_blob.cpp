#include "registry/push_blob.h"

#include "registry/actor.h"
#include "registry/admit.h"
#include "registry/begun_body.h"
#include "registry/end_upload.h"
#include "registry/keep_upload.h"
#include "registry/receive.h"
#include "registry/sessions.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::registry {

namespace {

/// A chunk that says where it belongs cannot mix with another; it may wait for a broken connection to be
/// noticed.
IfHeld manners(Chunk const& chunk) {
    return chunk.first ? IfHeld::wait_a_bit : IfHeld::refuse;
}

Result<> in_order(Chunk const& chunk, std::uint64_t offset) {
    if (!chunk.first || *chunk.first == offset) return {};
    return Error{Errc::range_invalid,
                 fmt::format("this chunk starts at byte {}, but the upload holds {} bytes; go on from there",
                             *chunk.first, offset)};
}

/// Where the bytes of a chunk go, if it belongs there.
Task<Result<>> begin_closing(Registry& registry, Hold const& hold, Chunk const& last) {
    auto& session = hold.session();
    // Only an earlier process's bytes have to be looked at to know how many there are.
    if (session.recorded.load()) {
        CO_CHECK(co_await open_bytes(registry, hold));
    }
    CO_CHECK(in_order(last, session.offset.load()));
    co_return co_await open_bytes(registry, hold);
}

/// The same for bytes that will be kept.
Task<Result<>> begin_bytes(Registry& registry, Hold const& hold, Chunk const& chunk) {
    auto const& session = hold.session();
    // A request that is refused, or brings nothing, ends no session of others.
    if (!session.recorded.load()) {
        CO_CHECK(in_order(chunk, session.offset.load()));
    }
    if (chunk.length != 0) {
        CO_CHECK(co_await make_room(registry, hold.session()));
    }
    co_return co_await begin_closing(registry, hold, chunk);
}

/// What every received blob passes before it is stored: its digest, then the gate.
Task<Result<meta::BlobFact>> prove(Registry& registry, policy::Caller const& caller,
                                   oci::RepositoryName const& repository, blob::Upload& upload,
                                   oci::Digest const& digest) {
    CO_TRY(auto const actual, co_await upload.digest(digest.algorithm()));
    if (actual != digest) {
        co_return Error{
            Errc::digest_invalid,
            fmt::format("the {} bytes received have digest {}, not {}; nothing was stored, send the "
                        "blob again",
                        upload.size(), actual.str(), digest.str())};
    }
    if (registry.gate.asks(policy::Point::admit_blob)) {
        policy::BlobPush const push{caller, repository, digest, upload.size()};
        CO_CHECK(admitted(co_await registry.gate.admit_blob(push)));
    }
    co_return meta::BlobFact{digest, upload.size()};
}

/// Bytes first, facts second.
Task<Result<>> store(Registry& registry, UploadRef ref, blob::Upload& upload, meta::BlobFact fact,
                     std::optional<meta::UploadClaim> recorded) {
    auto const push = co_await registry.sessions.pushes().begin(fact.digest);
    CO_CHECK(co_await upload.commit(fact.digest));
    co_return co_await registry.meta.links().link_blob(ref.repository, fact, recorded, actor_of(ref.caller),
                                                       registry.clock.now());
}

Task<Result<meta::BlobFact>> receive_whole(Registry& registry, policy::Caller const& caller,
                                           oci::RepositoryName const& repository, blob::Upload& upload,
                                           Chunk whole, oci::Digest const& digest) {
    std::atomic<std::uint64_t> offset{0};
    CO_CHECK(co_await receive(upload, whole, offset, registry.upload_memory));
    co_return co_await prove(registry, caller, repository, upload, digest);
}

/// The body, to where it ends or breaks off.
Task<Result<>> receive_into(Registry& registry, Hold const& hold, Chunk chunk) {
    auto& session = hold.session();
    auto const before = session.offset.load();
    auto const received = co_await receive(hold.upload(), chunk, session.offset, registry.upload_memory);
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
Task<Result<meta::BlobFact>> receive_last(Registry& registry, UploadRef ref, Hold const& hold, Chunk last,
                                          oci::Digest const& digest) {
    auto& session = hold.session();
    bool const unranged = !last.first && last.length != 0;
    BegunBody body(last.bytes);
    // Clients repeat a request whose blob failed: it must not be added to what is left of the first try. But
    // nothing is dropped for a body that brings nothing.
    if (unranged && session.comes_again) {
        CO_TRY(bool const brings, co_await body.begin());
        if (brings) {
            CO_CHECK(co_await start_over(registry, hold));
        }
    }
    auto const before = session.offset.load();
    auto const received = co_await receive_into(registry, hold, {body, last.first, last.length});
    bool const brought = session.offset.load() != before;
    if (received.has_error()) {
        if (brought) session.comes_again = unranged && before == 0;
        co_return received.error();
    }
    auto const fact = co_await prove(registry, ref.caller, ref.repository, hold.upload(), digest);
    // Wrong bytes before this request may be what a restart left of the first try.
    if (brought) session.comes_again = fact.has_error() && unranged;
    co_return fact;
}

/// The client may go on from what came. Where that cannot be recorded it can for as long as this process
/// lives; the reason of the refusal matters more.
Task<> keep_unfinished(Registry& registry, Hold const& hold) {
    auto& session = hold.session();
    if (session.offset.load() > 0) {
        auto const room = co_await make_room(registry, session);
        if (room.has_error()) session.offset.store(0);
    }
    (void)co_await keep(registry, hold);
}

/// The bytes are proven: what is left of the session ends here, whatever comes.
Task<Result<>> store_held(Registry& registry, UploadRef ref, Hold const& hold, meta::BlobFact fact) {
    auto& session = hold.session();
    std::optional<meta::UploadClaim> claim;
    if (session.recorded.load()) claim = {ref.id, session.epoch};
    auto const stored = co_await store(registry, ref, hold.upload(), fact, claim);
    if (stored.has_value()) {
        registry.sessions.end(session);
        co_return stored;
    }
    session.offset.store(hold.upload().size());
    auto const known = co_await record(registry, session);
    // A session that nobody can find again must not keep room on a disk that is full.
    if (known.has_error()) (void)co_await registry.blobs.discard(ref.id);
    // The next request finds it in the facts and reads what is really left. Not earlier, or it would be found
    // there and opened anew.
    registry.sessions.forget(session);
    co_return stored;
}

Task<Result<meta::BlobFact>> finish_held(Registry& registry, UploadRef ref, Hold const& hold, Chunk last,
                                         oci::Digest const& digest) {
    CO_TRY(auto const fact, co_await receive_last(registry, ref, hold, last, digest));
    CO_CHECK(co_await store_held(registry, ref, hold, fact));
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
    return Error{Errc::upload_unknown,
                 "there is no upload session of yours with this URL in this repository; start one with "
                 "POST /v2/<name>/blobs/uploads/"};
}

Task<Result<std::uint64_t>> upload_offset(Registry& registry, UploadRef ref) {
    auto const hold = co_await hold_session(registry, ref, IfHeld::wait_a_bit);
    if (hold.has_value()) {
        auto& session = hold->session();
        if (session.recorded.load()) {
            CO_CHECK(co_await open_bytes(registry, *hold));
        }
        co_return session.offset.load();
    }
    if (hold.error().code != Errc::upload_busy) co_return hold.error();
    // Somebody is really writing: tell how far it has come.
    CO_TRY(auto const session, co_await find_session(registry, ref));
    co_return session->offset.load();
}

Task<Result<std::uint64_t>> append_upload(Registry& registry, UploadRef ref, Chunk chunk) {
    CO_TRY(auto const hold, co_await hold_session(registry, ref, manners(chunk)));
    auto& session = hold.session();
    CO_CHECK(co_await begin_bytes(registry, hold, chunk));
    auto const before = session.offset.load();
    auto const received = co_await receive_into(registry, hold, chunk);
    auto const offset = session.offset.load();
    if (received.has_value() || offset != before) session.comes_again = false;
    Result<> kept;
    if (!session.stale) kept = co_await keep(registry, hold);
    CO_CHECK(received);
    CO_CHECK(kept);
    co_return offset;
}

Task<Result<meta::BlobFact>> finish_upload(Registry& registry, UploadRef ref, Chunk last,
                                           oci::Digest const& digest) {
    // The digest proves that nothing was mixed, so this may always wait for a broken connection to be
    // noticed.
    CO_TRY(auto const hold, co_await hold_session(registry, ref, IfHeld::wait_a_bit));
    auto& session = hold.session();
    CO_CHECK(co_await begin_closing(registry, hold, last));
    auto const fact = co_await finish_held(registry, ref, hold, last, digest);
    if (fact.has_error() && !session.stale) co_await keep_unfinished(registry, hold);
    co_return fact;
}

Task<Result<>> cancel_upload(Registry& registry, UploadRef ref) {
    CO_TRY(auto const hold, co_await hold_session(registry, ref, IfHeld::wait_a_bit));
    co_return co_await end_session(registry, hold);
}

Task<Result<meta::BlobFact>> push_blob(Registry& registry, policy::Caller const& caller,
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
    CO_CHECK(co_await registry.meta.links().link_blob(repository, *fact, std::nullopt, actor_of(caller),
                                                      registry.clock.now()));
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
                                                        registry.clock.now());
}

}  // namespace ocilot::registry
