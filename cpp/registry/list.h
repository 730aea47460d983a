#pragma once

#include "registry/registry.h"

namespace ocilot::registry {

/// Names of repositories that hold a manifest and that `caller` may see, in byte order.
Task<Result<meta::Slice<std::string>>> list_repositories(Registry& registry, policy::Caller const& caller,
                                                         meta::Page page);

/// Tags of a repository in byte order (end-8). name_unknown.
Task<Result<meta::Slice<std::string>>> list_tags(Registry& registry, oci::RepositoryName const& repository,
                                                 meta::Page page);

/// Hands `visit` the manifests whose subject is `subject` (end-12), by digest; of artifact type `type` only
/// if given. What is unknown has none. Answers whether more follow.
Task<Result<bool>> list_referrers(Registry& registry, oci::RepositoryName const& repository,
                                  oci::Digest const& subject, std::optional<std::string> type,
                                  meta::Page page, meta::ReferrerVisitor const& visit);

}  // namespace ocilot::registry
