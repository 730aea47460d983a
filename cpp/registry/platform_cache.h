#pragma once

#include "oci/digest.h"

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ocilot::registry {

/// Platforms of images read lately, by digest of the manifest. Content never changes, so nothing here goes
/// stale. Holds the last `capacity` or more, twice as many at most. Thread-safe.
class PlatformCache {
  public:
    using Platforms = std::vector<std::string>;

    explicit PlatformCache(std::size_t capacity = 10'000) noexcept : capacity_(capacity) {}

    [[nodiscard]] std::optional<Platforms> find(oci::Digest const& digest);
    void add(oci::Digest const& digest, Platforms platforms);

  private:
    std::mutex mutex_;
    std::size_t capacity_;
    // What was not asked for while a generation grew old goes with it.
    std::unordered_map<oci::Digest, Platforms> young_;
    std::unordered_map<oci::Digest, Platforms> old_;
};

}  // namespace ocilot::registry
