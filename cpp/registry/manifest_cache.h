#pragma once

#include "oci/digest.h"

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ocilot::registry {

/// Bytes of manifests pulled lately, by digest, up to a number of bytes. Content never changes, so nothing
/// here goes stale; whether a repository holds a manifest is asked of the metadata each time. Thread-safe.
class ManifestCache {
  public:
    using Bytes = std::shared_ptr<std::string const>;

    explicit ManifestCache(std::size_t capacity) noexcept : capacity_(capacity) {}

    /// Null if not here.
    [[nodiscard]] Bytes find(oci::Digest const& digest);
    void add(oci::Digest const& digest, Bytes bytes);

  private:
    struct Entry {
        oci::Digest digest;
        Bytes bytes;
    };
    std::mutex mutex_;
    std::size_t capacity_;
    std::size_t held_ = 0;
    std::list<Entry> by_use_;  // Latest first.
    std::unordered_map<oci::Digest, std::list<Entry>::iterator> entries_;
};

}  // namespace ocilot::registry
