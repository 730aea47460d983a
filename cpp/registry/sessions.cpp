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
    return {
        Errc::upload_unknown,
        "this upload session does not exist here: it is finished, cancelled or expired; start a new one with "
        "POST /v2/<name>/blobs/uploads/"};
}

bool belongs(UploadSession const& session, UploadRef const& ref) {
    return session.fact.repository == ref.repository && session.fact.started_by == owner_of(ref.caller);
}

Task<bool> take(UploadSession& session, IfHeld if_held) {
    if (!session.held.exchange(true)) co_return true;
    if (if_held == IfHeld::refuse) co_return false;
    SteadyTimer timer(co_await asio::this_coro::executor);
    for (int look = 0; look < looks; ++look) {
        timer.expires_after(pause);
        boost::system::error_code failure;
        co_await timer.async_wait(asio::redirect_error(use_task, failure));
        if (failure) co_return false;
        if (!session.held.exchange(true)) co_return true;
    }
    co_return false;
}

/// Opens what an earlier process left. A session whose bytes never came, or are stored already, starts empty.
Task<Result<std::unique_ptr<blob::Upload>>> reopen(Registry& registry, UploadRef ref) {
    CO_TRY(auto const fact, co_await registry.meta.uploads().find(ref.repository, ref.id));
    auto upload = co_await registry.blobs.resume(ref.id, fact.algorithm);
    if (upload.has_error() && upload.error().code == Errc::upload_unknown) {
        co_return co_await registry.blobs.create(ref.id, fact.algorithm);
    }
    co_return upload;
}

}  // namespace

Hold::~Hold() {
    if (!session_) return;
    if (session_->upload) session_->upload->park();
    session_->held.store(false);
}

void UploadSessions::add(std::shared_ptr<UploadSession> session) {
    std::lock_guard const lock(mutex_);
    auto const id = session->fact.id;
    sessions_.insert_or_assign(id, std::move(session));
}

void UploadSessions::remove(Uuid id) {
    std::lock_guard const lock(mutex_);
    sessions_.erase(id);
}

std::shared_ptr<UploadSession> UploadSessions::find(Uuid id) const {
    std::lock_guard const lock(mutex_);
    auto const found = sessions_.find(id);
    return found == sessions_.end() ? nullptr : found->second;
}

std::shared_ptr<UploadSession> UploadSessions::find_or_add(std::shared_ptr<UploadSession> fresh) {
    std::lock_guard const lock(mutex_);
    auto const id = fresh->fact.id;
    return sessions_.try_emplace(id, std::move(fresh)).first->second;
}

std::size_t UploadSessions::size() const {
    std::lock_guard const lock(mutex_);
    return sessions_.size();
}

std::vector<std::shared_ptr<UploadSession>> UploadSessions::unrecorded() const {
    std::lock_guard const lock(mutex_);
    std::vector<std::shared_ptr<UploadSession>> found;
    for (auto const& [id, session] : sessions_) {
        if (!session->recorded.load()) found.push_back(session);
    }
    return found;
}

Task<Result<std::shared_ptr<UploadSession>>> find_session(Registry& registry, UploadRef ref) {
    auto session = registry.sessions.find(ref.id);
    if (!session) {
        auto fact = co_await registry.meta.uploads().find(ref.repository, ref.id);
        if (fact.has_error() && fact.error().code == Errc::upload_unknown) co_return unknown_upload();
        if (fact.has_error()) co_return fact.error();
        if (fact->started_by != owner_of(ref.caller)) co_return unknown_upload();
        session = registry.sessions.find_or_add(std::make_shared<UploadSession>(std::move(*fact), true));
    }
    if (!belongs(*session, ref) || session->over.load()) co_return unknown_upload();
    co_return session;
}

Task<Result<Hold>> hold_session(Registry& registry, UploadRef ref, IfHeld if_held) {
    CO_TRY(auto session, co_await find_session(registry, ref));
    bool const taken = co_await take(*session, if_held);
    if (!taken) {
        co_return Error{
            Errc::upload_busy,
            "another request is writing to this upload session; wait for it to end, then ask where "
            "the upload stands with GET on its location"};
    }
    Hold hold(session);
    if (session->over.load()) co_return unknown_upload();
    if (!session->upload && session->recorded.load()) {
        auto upload = co_await reopen(registry, ref);
        if (upload.has_error()) {
            // Ended between the look at memory and the look at the facts, or the store fails: start afresh.
            registry.sessions.remove(ref.id);
            if (upload.error().code == Errc::upload_unknown) co_return unknown_upload();
            co_return upload.error();
        }
        session->upload = std::move(*upload);
        session->offset.store(session->upload->size());
    }
    co_return hold;
}

Task<Result<>> open_bytes(Registry& registry, Hold const& hold) {
    auto& session = hold.session();
    if (session.upload) co_return Result<>{};
    CO_TRY(session.upload, co_await registry.blobs.create(session.fact.id, session.fact.algorithm));
    co_return Result<>{};
}

Task<Result<>> start_over(Registry& registry, Hold const& hold) {
    auto& session = hold.session();
    CO_CHECK(co_await session.upload->discard());
    session.upload.reset();
    session.offset.store(0);
    co_return co_await open_bytes(registry, hold);
}

Task<Result<>> record(Registry& registry, UploadSession& session) {
    if (session.recorded.load()) co_return Result<>{};
    auto fact = session.fact;
    CO_CHECK(co_await registry.meta.uploads().open(std::move(fact)));
    session.recorded.store(true);
    co_return Result<>{};
}

Task<Result<>> record_all(Registry& registry) {
    std::vector<meta::UploadFact> facts;
    for (auto const& session : registry.sessions.unrecorded()) {
        if (!session->over.load()) facts.push_back(session->fact);
    }
    if (facts.empty()) co_return Result<>{};
    co_return co_await registry.meta.uploads().open_all(std::move(facts));
}

}  // namespace ocilot::registry
