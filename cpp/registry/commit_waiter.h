#pragma once

#include "meta/commit_waiter.h"

namespace ocilot::registry {

// For rooms that see the metadata only through the registry.
using meta::CommitWaiter;

}  // namespace ocilot::registry
