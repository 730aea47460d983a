#include "registry/list_uploads.h"

#include "meta/unknown.h"
#include "registry/end_upload.h"

#include <algorithm>
#include <tuple>

namespace ocilot::registry {

namespace {

auto key_of(meta::UploadCursor const& place) {
    return std::tuple(place.last_write_at, place.id.str());
}

UnfinishedUpload shown(UploadSession const& session, meta::UploadCursor place) {
    UnfinishedUpload upload{session.fact, place, session.locked.load()};
    upload.fact.offset = session.offset.load();
    upload.fact.last_write_at = session.last_write.load();
    return upload;
}

UnfinishedUpload shown(Registry& registry, meta::UploadFact fact) {
    meta::UploadCursor const place{fact.last_write_at, fact.id};
    if (auto const session = registry.sessions.find(fact.id)) return shown(*session, place);
    return {std::move(fact), place};
}

/// Those of this process that the metadata do not know yet: their first request is under way.
std::vector<UnfinishedUpload> unrecorded(Registry& registry, std::optional<oci::RepositoryName> const& in,
                                         std::optional<meta::UploadCursor> const& place) {
    std::vector<UnfinishedUpload> found;
    for (auto const& session : registry.sessions.all()) {
        if (session->recorded.load() || session->ended.load() || session->offset.load() == 0) continue;
        if (in && session->fact.repository != *in) continue;
        meta::UploadCursor const own{session->fact.last_write_at, session->fact.id};
        if (!place || key_of(own) > key_of(*place)) found.push_back(shown(*session, own));
    }
    return found;
}

Task<Result<std::vector<meta::UploadFact>>> recorded(Registry& registry,
                                                     std::optional<oci::RepositoryName> const& repository,
                                                     std::optional<meta::UploadCursor> place,
                                                     std::size_t limit) {
    auto& uploads = registry.meta.uploads();
    if (!repository) co_return co_await uploads.idle_since(Time::max(), place, limit);
    meta::UploadFilter whose{meta::UploadFilter::Kind::repository, repository->str()};
    co_return co_await uploads.oldest(std::move(whose), place, limit);
}

Task<Result<std::shared_ptr<UploadSession>>> session_of(Registry& registry, Uuid id) {
    if (auto session = registry.sessions.find(id)) co_return session;
    std::optional<oci::RepositoryName> anywhere;
    CO_TRY(auto fact, co_await registry.meta.uploads().find(std::move(anywhere), id));
    fact.state = {};
    auto session = registry.sessions.find_or_add(std::make_shared<UploadSession>(std::move(fact), true));
    if (!session) co_return meta::upload_unknown(id);
    co_return session;
}

}  // namespace

Task<Result<std::vector<UnfinishedUpload>>> list_uploads(Registry& registry,
                                                         std::optional<oci::RepositoryName> repository,
                                                         std::optional<meta::UploadCursor> place,
                                                         std::size_t limit) {
    // Before the metadata are read: what is recorded meanwhile is in both, and not in neither.
    auto found = unrecorded(registry, repository, place);
    CO_TRY(auto known, co_await recorded(registry, repository, place, limit));
    for (auto& fact : known) {
        std::erase_if(found, [&fact](auto const& one) { return one.fact.id == fact.id; });
        found.push_back(shown(registry, std::move(fact)));
    }
    std::ranges::sort(found, {}, [](auto const& one) { return key_of(one.place); });
    if (found.size() > limit) found.erase(found.begin() + static_cast<std::ptrdiff_t>(limit), found.end());
    co_return found;
}

Task<Result<meta::UploadFact>> remove_upload(Registry& registry, Uuid id) {
    CO_TRY(auto const session, co_await session_of(registry, id));
    auto fact = shown(*session, {}).fact;
    auto const session_lock = try_lock_session(registry, session);
    if (!session_lock && session->ended.load()) co_return meta::upload_unknown(id);
    if (!session_lock) {
        co_return Error{Errc::upload_busy, "a request is writing to this upload; retry when it has ended"};
    }
    CO_CHECK(co_await end_session(registry, *session_lock));
    co_return fact;
}

}  // namespace ocilot::registry
