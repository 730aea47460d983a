#include "registry/list.h"

namespace ocilot::registry {

Task<Result<meta::Slice<std::string>>> list_repositories(Registry& registry, policy::Caller const&,
                                                         meta::Page page) {
    co_return co_await registry.meta.catalog().repositories(std::move(page));
}

Task<Result<meta::Slice<std::string>>> list_tags(Registry& registry, oci::RepositoryName const& repository,
                                                 meta::Page page) {
    co_return co_await registry.meta.catalog().tags(repository, std::move(page));
}

Task<Result<bool>> list_referrers(Registry& registry, oci::RepositoryName const& repository,
                                  oci::Digest const& subject, std::optional<std::string> type,
                                  meta::Page page, meta::ReferrerVisitor const& visit) {
    co_return co_await registry.meta.catalog().referrers(repository, subject, std::move(type),
                                                         std::move(page), visit);
}

}  // namespace ocilot::registry
