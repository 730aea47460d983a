#pragma once

#include "blob/store.h"
#include "blob/upkeep.h"

namespace ocilot::blob {

/// Both sides of a store, as whoever makes one owns it; its users are handed the side they need.
class Storage : public BlobStore, public BlobUpkeep {
  public:
    ~Storage() override = default;
};

}  // namespace ocilot::blob
