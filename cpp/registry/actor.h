#pragma once

#include "meta/facts.h"
#include "policy/caller.h"

#include <string>

namespace ocilot::registry {

/// A caller as the journal and the histories keep it.
inline meta::Actor actor_of(policy::Caller const& caller) {
    return {
        .name = caller.name, .kind = std::string(policy::to_string(caller.kind)), .address = caller.address};
}

}  // namespace ocilot::registry
