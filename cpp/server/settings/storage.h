#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ocilot::server {

/// Where bytes and metadata are, and what repositories take.
struct StorageSettings {
    std::string root = "ocilot-data";          ///< directory of blobs and metadata
    bool in_memory = false;                    ///< `storage.inmemory`: nothing is kept
    bool deletes = true;                       ///< `storage.delete.enabled`
    bool delete_referenced = true;             ///< `ocilot.storage.deletereferenced`
    bool strict_sizes = false;                 ///< `ocilot.strictsizes`
    std::uint64_t reserve = 64 * 1024 * 1024;  ///< bytes that uploads leave free; 0: none
    std::vector<std::string> sparse;  ///< patterns of repositories whose manifests may name what is missing
};

}  // namespace ocilot::server
