#pragma once

#include <string>
#include <string_view>

namespace ocilot::meta {

/// Whom content is charged to that a caller brings into a repository: `user:alice`, `robot:ci`,
/// `federated:NAME`, `certificate:NAME`; `anonymous` for all callers without a name, whatever their address.
/// Empty, which is nobody, for the registry's own jobs and for what comes by its control socket. `kind` is
/// one of policy::CallerKind, as text.
[[nodiscard]] std::string charged_to(std::string_view kind, std::string_view name);

}  // namespace ocilot::meta
