#pragma once

#include "http/core/context.h"

#include <optional>

namespace ocilot::http {

// Reads under an alias. They are looked for where a repository is not found, so that others cost nothing.

/// Whether a read that failed so is worth looking for an alias: no if there is none at all.
[[nodiscard]] bool may_be_alias(Context const& context, Error const& failure) noexcept;

/// The repository that the name of the request is an alias of, if the caller may pull it under its own name,
/// too: an alias gives no rights. What the caller may not pull and what is no alias look alike. A token for
/// the alias is enough if its owner would get one for the target.
Task<Result<std::optional<oci::RepositoryName>>> find_alias(Context const& context);

/// The same after a read that failed; its error if there is none.
Task<Result<oci::RepositoryName>> alias_after(Context const& context, Error failure);

}  // namespace ocilot::http
