#pragma once

#include "base/error.h"
#include "base/uuid.h"
#include "oci/digest.h"
#include "oci/name.h"
#include "oci/tag.h"

#include <string>
#include <string_view>
#include <vector>

namespace ocilot::meta {

/// The errors for what is not recorded, in the same words from every store.
[[nodiscard]] Error name_unknown(oci::RepositoryName const& repository);
[[nodiscard]] Error tag_unknown(oci::RepositoryName const& repository, oci::Tag const& tag);
[[nodiscard]] Error manifest_unknown(oci::RepositoryName const& repository, oci::Digest const& digest);
[[nodiscard]] Error blob_unknown(oci::RepositoryName const& repository, oci::Digest const& digest);
/// not_found.
[[nodiscard]] Error alias_unknown(oci::RepositoryName const& name);
/// conflict: the name is taken.
[[nodiscard]] Error repository_exists(oci::RepositoryName const& repository);
[[nodiscard]] Error alias_exists(oci::RepositoryName const& name);
/// denied: an alias is for pulls.
[[nodiscard]] Error push_to_alias(oci::RepositoryName const& name);
/// denied: it would move, and the caller may not move it.
[[nodiscard]] Error tag_taken(oci::Tag const& tag);
[[nodiscard]] Error upload_unknown(Uuid id);
/// upload_busy: another process goes on with it.
[[nodiscard]] Error upload_claimed(Uuid id);
/// not_found.
[[nodiscard]] Error account_unknown(std::string_view name);
[[nodiscard]] Error token_unknown(std::string_view id);
[[nodiscard]] Error retention_policy_unknown(std::string_view name);
/// `missing` has at least one digest.
[[nodiscard]] Error content_missing(oci::RepositoryName const& repository, std::vector<std::string> missing);

}  // namespace ocilot::meta
