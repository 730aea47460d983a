#pragma once

#include <string>
#include <vector>

namespace ocilot::server {

/// Where bytes and metadata are, and what repositories take.
struct StorageSettings {
    std::string root = "ocilot-data";  ///< directory of blobs and metadata
    bool in_memory = false;            ///< `storage.inmemory`: nothing is kept
    bool deletes = true;               ///< `storage.delete.enabled`
    bool strict_sizes = false;         ///< `ocilot.strictsizes`
    std::vector<std::string> sparse;   ///< patterns of repositories whose manifests may name what is missing
};

}  // namespace ocilot::server
