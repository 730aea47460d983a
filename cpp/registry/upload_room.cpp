#include "registry/upload_room.h"

#include "registry/end_upload.h"
#include "registry/sessions.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::registry {

namespace {

/// Sessions looked at first to find the one that ends. Those before it in the metadata may have received
/// bytes since: if none of these has been idle for as long as a broken transfer, all are looked at.
constexpr std::size_t candidates = 100;
constexpr std::chrono::minutes surely_idle{1};
/// A transfer that has just begun to be slow may go on for long; one that broke off is idle within seconds.
constexpr unsigned retry_after = 5;

bool is_of(UploadSession const& session, meta::UploadsOf const& whose) {
    if (whose.what == meta::UploadsOf::What::caller) return session.fact.started_by == whose.name;
    return session.fact.repository.str() == whose.name;
}

/// Those that hold bytes, whether the metadata know them yet or not.
Task<Result<std::size_t>> count(Registry& registry, meta::UploadsOf whose) {
    CO_TRY(auto const recorded, co_await registry.meta.uploads().count(whose));
    auto const here = registry.sessions.all();
    auto const begun = std::ranges::count_if(here, [&](auto const& session) {
        return session->counted.load() && !session->recorded.load() && is_of(*session, whose);
    });
    co_return recorded + static_cast<std::size_t>(begun);
}

/// When the last byte came, as far as anybody knows here.
Time last_write(Registry& registry, meta::UploadFact const& upload) {
    auto const session = registry.sessions.find(upload.id);
    return session ? session->last_write.load() : upload.last_write_at;
}

struct Candidate {
    Time last_write;  // Read once: other threads change it.
    meta::UploadFact upload;
};

/// Those recorded longest ago, the longest idle first.
Task<Result<std::vector<Candidate>>> find_candidates(Registry& registry, meta::UploadsOf whose,
                                                     std::size_t limit) {
    CO_TRY(auto uploads, co_await registry.meta.uploads().oldest(std::move(whose), limit));
    std::vector<Candidate> found;
    found.reserve(uploads.size());
    for (auto& upload : uploads) {
        auto const at = last_write(registry, upload);
        found.push_back({at, std::move(upload)});
    }
    std::ranges::stable_sort(found, {}, &Candidate::last_write);
    co_return found;
}

Task<Result<bool>> end_longest_idle(Registry& registry, meta::UploadsOf whose, std::size_t open) {
    CO_TRY(auto found, co_await find_candidates(registry, whose, candidates));
    bool const some_are_idle =
        !found.empty() && found.front().last_write <= registry.sessions.now() - surely_idle;
    if (!some_are_idle && open > candidates) {
        CO_TRY(found, co_await find_candidates(registry, std::move(whose), open));
    }
    for (auto& candidate : found) {
        CO_TRY(bool const ended, co_await end_if_idle(registry, std::move(candidate.upload), Time::max()));
        if (ended) co_return true;
    }
    co_return false;
}

Task<Result<>> make_room_among(Registry& registry, meta::UploadsOf whose, std::string shown,
                               std::size_t limit) {
    auto& room = registry.sessions.room();
    // A repository's name holds no space, so that nobody is called like one.
    auto const key = whose.what == meta::UploadsOf::What::caller ? "user " + whose.name : whose.name;
    if (limit == 0 || room.take(key, limit)) co_return Result<>{};
    CO_TRY(auto const open, co_await count(registry, whose));
    room.counted(key, open);
    if (room.take(key, limit)) co_return Result<>{};
    CO_TRY(bool const ended, co_await end_longest_idle(registry, std::move(whose), open));
    if (ended) co_return Result<>{};
    co_return Error{
        .code = Errc::too_many_requests,
        .message = fmt::format("{} {} unfinished uploads, the most that are allowed, and all of them are "
                               "being written to; retry when one has ended",
                               shown, open),
        .retry_after = retry_after};
}

}  // namespace

bool UploadRoom::take(std::string const& whose, std::size_t limit) {
    std::lock_guard const lock(mutex_);
    auto const found = bounds_.find(whose);
    if (found == bounds_.end() || found->second >= limit) return false;
    ++found->second;
    return true;
}

void UploadRoom::counted(std::string const& whose, std::size_t open) {
    std::lock_guard const lock(mutex_);
    if (bounds_.size() >= most) bounds_.clear();
    bounds_.insert_or_assign(whose, open);
}

Task<Result<>> make_room(Registry& registry, UploadSession& session) {
    if (session.counted.load()) co_return Result<>{};
    auto const& rules = registry.rules;
    using What = meta::UploadsOf::What;
    // GCC 12 destroys a braced argument of an awaited call twice. The caller's own limit comes first: it ends
    // no session of others for a request that is refused.
    meta::UploadsOf by_caller{What::caller, session.fact.started_by};
    std::string shown = "you have";
    if (!by_caller.name.empty()) {
        CO_CHECK(
            co_await make_room_among(registry, std::move(by_caller), std::move(shown), rules.caller_uploads));
    }
    meta::UploadsOf in_repository{What::repository, session.fact.repository.str()};
    shown = fmt::format("repository {} has", in_repository.name);
    CO_CHECK(co_await make_room_among(registry, std::move(in_repository), std::move(shown),
                                      rules.repository_uploads));
    session.counted.store(true);
    co_return Result<>{};
}

}  // namespace ocilot::registry
