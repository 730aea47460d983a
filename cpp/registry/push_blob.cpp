#include "registry/push_blob.h"

#include "registry/actor.h"
#include "registry/admit.h"
#include "registry/begun_body.h"
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

Error too_many_uploads(std::string_view whose, std::size_t open) {
    return {Errc::too_many_requests,
            fmt::format("{} {} unfinished uploads, the most that is allowed; finish or cancel some, or try "
                        "again when old ones have expired",
                        whose, open)};
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
                     std::optional<Uuid> recorded) {
    auto const push = co_await registry.sessions.pushes().begin(fact.digest);
    CO_CHECK(co_await upload.commit(fact.digest));
    co_return co_await registry.meta.links().link_blob(ref.repository, fact, recorded, actor_of(ref.caller),
                                                       registry.clock.now());
}

Task<Result<meta::BlobFact>> receive_whole(Registry& registry, policy::Caller const& caller,
                                           oci::RepositoryName const& repository, blob::Upload& upload,
                                           Chunk whole, oci::Digest const& digest) {
    std::atomic<std::uint64_t> offset{0};
    CO_CHECK(co_await receive(upload, whole, offset));
    co_return co_await prove(registry, caller, repository, upload, digest);
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
    auto const received = co_await receive(hold.upload(), {body, last.first, last.length}, session.offset);
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

template <class Condition>
std::size_t unrecorded(Registry& registry, Condition condition) {
    auto const sessions = registry.sessions.unrecorded();
    auto const counted =
        std::ranges::count_if(sessions, [&](auto const& one) { return condition(one->fact); });
    return static_cast<std::size_t>(counted);
}

/// Counts all that are open, so that a restart forgets nothing. Requests at the same moment may open a few
/// more.
Task<Result<>> room_for_upload(Registry& registry, policy::Caller const& caller,
                               oci::RepositoryName const& repository) {
    auto& uploads = registry.meta.uploads();
    auto& room = registry.sessions.room();
    auto const& rules = registry.rules;
    // A repository's name holds no space, so that nobody is called like one.
    auto const who = caller.anonymous() ? "address " + caller.address : "user " + owner_of(caller);
    auto const in_repository = rules.repository_uploads;
    if (in_repository > 0 && !room.take(repository.str(), in_repository)) {
        CO_TRY(auto open, co_await uploads.count(repository));
        open +=
            unrecorded(registry, [&](meta::UploadFact const& one) { return one.repository == repository; });
        room.counted(repository.str(), open);
        if (!room.take(repository.str(), in_repository)) {
            co_return too_many_uploads(fmt::format("repository {} has", repository.str()), open);
        }
    }
    if (rules.caller_uploads > 0 && !room.take(who, rules.caller_uploads)) {
        auto const owner = owner_of(caller);
        CO_TRY(auto open, co_await uploads.count_by(owner, caller.address));
        open += unrecorded(registry, [&](meta::UploadFact const& one) {
            return one.started_by == owner && (!owner.empty() || one.address == caller.address);
        });
        room.counted(who, open);
        if (!room.take(who, rules.caller_uploads)) co_return too_many_uploads("you have", open);
    }
    co_return Result<>{};
}

}  // namespace

Task<Result<Uuid>> start_upload(Registry& registry, policy::Caller const& caller,
                                oci::RepositoryName const& repository, oci::Algorithm algorithm) {
    CO_CHECK(co_await room_for_upload(registry, caller, repository));
    auto const id = Uuid::random(registry.random);
    meta::UploadFact fact{id, repository, algorithm, owner_of(caller), registry.clock.now(), caller.address};
    registry.sessions.add(std::make_shared<UploadSession>(std::move(fact), false));
    co_return id;
}

Task<Result<std::uint64_t>> upload_offset(Registry& registry, UploadRef ref) {
    auto const hold = co_await hold_session(registry, ref, IfHeld::wait_a_bit);
    if (hold.has_value()) co_return hold->session().offset.load();
    if (hold.error().code != Errc::upload_busy) co_return hold.error();
    // Somebody is really writing: tell how far it has come.
    CO_TRY(auto const session, co_await find_session(registry, ref));
    co_return session->offset.load();
}

Task<Result<std::uint64_t>> append_upload(Registry& registry, UploadRef ref, Chunk chunk) {
    CO_TRY(auto const hold, co_await hold_session(registry, ref, manners(chunk)));
    auto& session = hold.session();
    CO_CHECK(in_order(chunk, session.offset.load()));
    CO_CHECK(co_await record(registry, session));
    CO_CHECK(co_await open_bytes(registry, hold));
    auto const before = session.offset.load();
    auto const received = co_await receive(hold.upload(), chunk, session.offset);
    if (received.has_value() || session.offset.load() != before) session.comes_again = false;
    CO_CHECK(received);
    co_return session.offset.load();
}

Task<Result<meta::BlobFact>> finish_upload(Registry& registry, UploadRef ref, Chunk last,
                                           oci::Digest const& digest) {
    // The digest proves that nothing was mixed, so this may always wait for a broken connection to be
    // noticed.
    CO_TRY(auto const hold, co_await hold_session(registry, ref, IfHeld::wait_a_bit));
    auto& session = hold.session();
    CO_CHECK(in_order(last, session.offset.load()));
    CO_CHECK(co_await open_bytes(registry, hold));
    auto const fact = co_await receive_last(registry, ref, hold, last, digest);
    if (fact.has_error()) {
        // The client may go on from what came. Where that cannot be recorded it can for as long as this
        // process lives; the reason of the refusal matters more.
        if (session.offset.load() > 0) (void)co_await record(registry, session);
        co_return fact.error();
    }
    auto const recorded = session.recorded.load() ? std::optional(ref.id) : std::nullopt;
    auto const stored = co_await store(registry, ref, hold.upload(), *fact, recorded);
    if (stored.has_error()) {
        auto const known = co_await record(registry, session);
        // A session that nobody can find again must not keep room on a disk that is full.
        if (known.has_error()) (void)co_await registry.blobs.discard(ref.id);
    }
    // What memory knows of the session ends here, whatever comes: if the store failed, the next request finds
    // it in the facts and reads what is really left. Not earlier, or it would be found there and opened anew.
    session.over.store(true);
    registry.sessions.remove(ref.id);
    CO_CHECK(stored);
    co_return fact;
}

Task<Result<>> cancel_upload(Registry& registry, UploadRef ref) {
    CO_TRY(auto const hold, co_await hold_session(registry, ref, IfHeld::wait_a_bit));
    auto& session = hold.session();
    session.over.store(true);
    Result<> closed;
    if (session.recorded.load()) closed = co_await registry.meta.uploads().close(ref.id);
    // Also if the facts failed: on a full disk this is what makes room, and a session without bytes is an
    // empty one.
    Result<> discarded;
    if (session.upload) discarded = co_await session.upload->discard();
    registry.sessions.remove(ref.id);
    CO_CHECK(closed);
    co_return discarded;
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
