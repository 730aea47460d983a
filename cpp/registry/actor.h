#pragma once

#include "meta/facts.h"
#include "meta/told_groups.h"
#include "policy/caller.h"

#include <string>

namespace ocilot::registry {

/// A caller as the journal and the histories keep it.
inline meta::Actor actor_of(policy::Caller const& caller) {
    return {.name = caller.name,
            .kind = std::string(policy::to_string(caller.kind)),
            .address = caller.address,
            .request = caller.request,
            .http = caller.http,
            .groups = meta::told_groups(caller.groups),
            .token = caller.token};
}

/// Whose an upload is: a name, which people and robots have once among them; with its kind for all others,
/// who may be called the same. Empty for anonymous callers.
inline std::string owner_of(policy::Caller const& caller) {
    using policy::CallerKind;
    bool const has_name_alone = caller.kind == CallerKind::anonymous || caller.kind == CallerKind::user ||
                                caller.kind == CallerKind::robot;
    if (has_name_alone) return caller.name;
    return std::string(policy::to_string(caller.kind)) + ":" + caller.name;
}

}  // namespace ocilot::registry
