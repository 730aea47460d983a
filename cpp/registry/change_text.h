#pragma once

#include "meta/change_text.h"

namespace ocilot::registry {

// What is told of the journal, for rooms that see the metadata only through the registry.
using meta::detail_of;
using meta::subject_of;

}  // namespace ocilot::registry
