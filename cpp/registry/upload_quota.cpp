#include "registry/upload_quota.h"

#include "base/counted.h"
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

bool is_of(UploadSession const& session, meta::UploadFilter const& whose) {
    if (whose.kind == meta::UploadFilter::Kind::caller) return session.fact.started_by == whose.name;
    return session.fact.repository.str() == whose.name;
}

/// Those that hold bytes, whether the metadata know them yet or not.
Task<Result<std::size_t>> count(Registry& registry, meta::UploadFilter whose) {
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
Task<Result<std::vector<Candidate>>> find_candidates(Registry& registry, meta::UploadFilter whose,
                                                     std::size_t limit) {
    CO_TRY(auto uploads, co_await registry.meta.uploads().oldest(std::move(whose), {}, limit));
    std::vector<Candidate> found;
    found.reserve(uploads.size());
    for (auto& upload : uploads) {
        auto const at = last_write(registry, upload);
        found.push_back({at, std::move(upload)});
    }
    std::ranges::stable_sort(found, {}, &Candidate::last_write);
    co_return found;
}

Task<Result<bool>> end_longest_idle(Registry& registry, meta::UploadFilter whose, std::size_t open) {
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

Task<Result<>> reserve_upload_among(Registry& registry, meta::UploadFilter whose, std::string shown,
                                    std::size_t limit) {
    auto& quota = registry.sessions.quota();
    // A repository's name holds no space, so that nobody is called like one.
    auto const key = whose.kind == meta::UploadFilter::Kind::caller ? "user " + whose.name : whose.name;
    if (limit == 0 || quota.take(key, limit)) co_return Result<>{};
    CO_TRY(auto const open, co_await count(registry, whose));
    quota.counted(key, open);
    if (quota.take(key, limit)) co_return Result<>{};
    CO_TRY(bool const ended, co_await end_longest_idle(registry, std::move(whose), open));
    if (ended) co_return Result<>{};
    co_return Error{.code = Errc::too_many_requests,
                    .message = fmt::format("limit of unfinished uploads reached: {} {}, and {} being written "
                                           "to; retry when one has ended",
                                           shown, open, agreeing(open, "it is", "all of them are")),
                    .retry_after = retry_after};
}

}  // namespace

bool UploadQuota::take(std::string const& whose, std::size_t limit) {
    std::lock_guard const lock(mutex_);
    auto const found = bounds_.find(whose);
    if (found == bounds_.end() || found->second >= limit) return false;
    ++found->second;
    return true;
}

void UploadQuota::counted(std::string const& whose, std::size_t open) {
    std::lock_guard const lock(mutex_);
    if (bounds_.size() >= max_bounds) bounds_.clear();
    bounds_.insert_or_assign(whose, open);
}

Task<Result<>> reserve_upload(Registry& registry, UploadSession& session) {
    if (session.counted.load()) co_return Result<>{};
    auto const& rules = registry.rules;
    using Kind = meta::UploadFilter::Kind;
    // GCC 12 destroys a braced argument of an awaited call twice. The caller's own limit comes first: it ends
    // no session of others for a request that is refused.
    meta::UploadFilter by_caller{Kind::caller, session.fact.started_by};
    std::string shown = "you have";
    if (!by_caller.name.empty()) {
        CO_CHECK(co_await reserve_upload_among(registry, std::move(by_caller), std::move(shown),
                                               rules.caller_uploads));
    }
    meta::UploadFilter in_repository{Kind::repository, session.fact.repository.str()};
    shown = fmt::format("repository {} has", in_repository.name);
    CO_CHECK(co_await reserve_upload_among(registry, std::move(in_repository), std::move(shown),
                                           rules.repository_uploads));
    session.counted.store(true);
    co_return Result<>{};
}

}  // namespace ocilot::registry
