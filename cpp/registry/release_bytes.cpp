#include "registry/release_bytes.h"

#include <vector>

namespace ocilot::registry {

Task<> release_bytes(Registry& registry, oci::Digest digest) {
    std::vector<oci::Digest> bytes{digest};
    (void)co_await registry.meta.collection().releases().bytes(std::move(bytes), registry.clock.now());
}

}  // namespace ocilot::registry
