#include "registry/sessions.h"

#include "registry/actor.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>

namespace ocilot::registry {

namespace {

using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// How long a broken connection may take to be noticed: looks every `pause`, `looks` times.
constexpr std::chrono::milliseconds pause{10};
constexpr int looks = 100;

Error unknown_upload() {
    return {Errc::upload_unknown,
            "upload session not found: it is finished, cancelled or expired; start a new one with POST "
            "/v2/<name>/blobs/uploads/"};
}

bool belongs(UploadSession const& session, UploadRef const& ref) {
    return session.fact.repository == ref.repository && session.fact.started_by == owner_of(ref.caller);
}

Task<bool> take(UploadSession& session, IfLocked if_locked) {
    if (!session.locked.exchange(true)) co_return true;
    if (if_locked == IfLocked::refuse) co_return false;
    SteadyTimer timer(co_await asio::this_coro::executor);
    for (int look = 0; look < looks; ++look) {
        timer.expires_after(pause);
        boost::system::error_code failure;
        co_await timer.async_wait(asio::redirect_error(use_task, failure));
        if (failure) co_return false;
        if (!session.locked.exchange(true)) co_return true;
    }
    co_return false;
}

std::shared_ptr<UploadSession> found(meta::UploadFact fact) {
    fact.state = {};
    return std::make_shared<UploadSession>(std::move(fact), true);
}

/// A session without bytes: it is what its URL says.
Result<std::shared_ptr<UploadSession>> unwritten(Registry& registry, UploadRef const& ref) {
    if (!ref.opened) return unknown_upload();
    if (!registry.rules.replicated && !registry.sessions.continues(*ref.opened)) return unknown_upload();
    auto const age = registry.rules.upload_age;
    if (age > std::chrono::seconds(0) && ref.opened->at + age < registry.sessions.now())
        return unknown_upload();
    meta::UploadFact fact{.id = ref.id,
                          .repository = ref.repository,
                          .algorithm = ref.opened->algorithm,
                          .started_by = owner_of(ref.caller),
                          .started_at = ref.opened->at,
                          .address = ref.caller.address};
    return std::make_shared<UploadSession>(std::move(fact), false);
}

/// What the metadata say, or the URL.
Task<Result<std::shared_ptr<UploadSession>>> look_up(Registry& registry, UploadRef ref) {
    // Only this process can have recorded what it has opened itself, and then it would be in memory.
    bool const is_known_here = ref.opened && ref.opened->here && !registry.rules.replicated &&
                               !registry.sessions.is_forgotten(ref.id);
    if (is_known_here) co_return unwritten(registry, ref);
    // GCC 12 destroys what converts in an awaited call twice.
    std::optional repository(ref.repository);
    auto fact = co_await registry.meta.uploads().find(std::move(repository), ref.id);
    if (fact.has_value()) co_return found(std::move(*fact));
    if (fact.error().code == Errc::upload_unknown) co_return unwritten(registry, ref);
    co_return fact.error();
}

}  // namespace

UploadSession::UploadSession(meta::UploadFact begun, bool is_recorded)
    : fact(std::move(begun)),
      recorded(is_recorded),
      epoch(fact.epoch),
      recorded_offset(fact.offset),
      recorded_at(fact.last_write_at),
      counted(is_recorded),
      offset(fact.offset),
      last_write(fact.last_write_at) {}

SessionLock::~SessionLock() {
    if (!session_) return;
    if (session_->upload) session_->upload->park();
    sessions_->release(*session_);
}

void UploadSessions::remove(UploadSession const& session) {
    auto const found = sessions_.find(session.fact.id);
    if (found != sessions_.end() && found->second.get() == &session) sessions_.erase(found);
}

void UploadSessions::end(UploadSession& session) {
    session.ended.store(true);
    std::lock_guard const lock(mutex_);
    ended_.add(session.fact.id);
    remove(session);
}

void UploadSessions::forget(UploadSession& session) {
    session.stale = true;
    std::lock_guard const lock(mutex_);
    if (session.recorded.load()) forgotten_.insert(session.fact.id);
    remove(session);
}

void UploadSessions::release(UploadSession& session) {
    bool const is_empty = !session.upload && !session.recorded.load() && !session.ended.load();
    if (is_empty && !session.stale) forget(session);
    session.locked.store(false);
}

std::shared_ptr<UploadSession> UploadSessions::find(Uuid id) const {
    std::lock_guard const lock(mutex_);
    auto const found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second;
}

std::shared_ptr<UploadSession> UploadSessions::find_or_add(std::shared_ptr<UploadSession> fresh) {
    std::lock_guard const lock(mutex_);
    auto const id = fresh->fact.id;
    if (ended_.contains(id)) return nullptr;
    if (fresh->recorded.load()) forgotten_.erase(id);
    return sessions_.try_emplace(id, std::move(fresh)).first->second;
}

bool UploadSessions::has_ended(Uuid id) const {
    std::lock_guard const lock(mutex_);
    return ended_.contains(id);
}

bool UploadSessions::continues(OpenedUpload const& upload) const {
    if (upload.here) return true;
    std::lock_guard const lock(mutex_);
    return ended_.knows_of(upload.opener);
}

std::string UploadSessions::serialize_ended() const {
    std::lock_guard const lock(mutex_);
    return ended_.serialize(seal_.holder());
}

void UploadSessions::restore_ended(std::string_view note) {
    std::lock_guard const lock(mutex_);
    ended_.restore(note);
}

bool UploadSessions::is_forgotten(Uuid id) const {
    std::lock_guard const lock(mutex_);
    return forgotten_.contains(id);
}

std::size_t UploadSessions::size() const {
    std::lock_guard const lock(mutex_);
    return sessions_.size();
}

std::vector<std::shared_ptr<UploadSession>> UploadSessions::all() const {
    std::lock_guard const lock(mutex_);
    std::vector<std::shared_ptr<UploadSession>> all;
    all.reserve(sessions_.size());
    for (auto const& [id, session] : sessions_) all.push_back(session);
    return all;
}

Task<Result<std::shared_ptr<UploadSession>>> find_session(Registry& registry, UploadRef ref) {
    auto session = registry.sessions.find(ref.id);
    if (!session) {
        if (registry.sessions.has_ended(ref.id)) co_return unknown_upload();
        CO_TRY(auto known, co_await look_up(registry, ref));
        if (!belongs(*known, ref)) co_return unknown_upload();
        session = registry.sessions.find_or_add(std::move(known));
    }
    if (!session || !belongs(*session, ref) || session->ended.load()) co_return unknown_upload();
    co_return session;
}

Task<Result<SessionLock>> lock_session(Registry& registry, UploadRef ref, IfLocked if_locked) {
    for (;;) {
        CO_TRY(auto session, co_await find_session(registry, ref));
        bool const taken = co_await take(*session, if_locked);
        if (!taken) {
            co_return Error{Errc::upload_busy,
                            "another request is writing to this upload session; wait until it ends, then get "
                            "the offset with GET on its location"};
        }
        bool const is_over = session->ended.load();
        bool const is_stale = session->stale;
        SessionLock session_lock(registry.sessions, std::move(session));
        if (is_over) co_return unknown_upload();
        if (!is_stale) co_return session_lock;
    }
}

std::optional<SessionLock> try_lock_session(Registry& registry, std::shared_ptr<UploadSession> session) {
    if (session->locked.exchange(true)) return std::nullopt;
    bool const is_gone = session->ended.load() || session->stale;
    SessionLock session_lock(registry.sessions, std::move(session));
    if (is_gone) return std::nullopt;
    return session_lock;
}

}  // namespace ocilot::registry
