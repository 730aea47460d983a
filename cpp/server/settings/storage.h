#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::server {

/// A quota (`ocilot.quotas`): of each repository that matches, or of each caller who does.
struct QuotaRule {
    std::vector<std::string> repositories;  ///< patterns; empty if it is of callers
    std::vector<std::string> callers;       ///< subjects, as in rules of access, with patterns of names
    std::optional<std::uint64_t> bytes;
    std::optional<std::uint64_t> tags;
};

/// Where bytes and metadata are, and what repositories take.
struct StorageSettings {
    std::string root = "ocilot-data";          ///< directory of blobs and metadata
    bool in_memory = false;                    ///< `storage.inmemory`: nothing is kept
    bool deletes = true;                       ///< `storage.delete.enabled`
    bool delete_referenced = true;             ///< `ocilot.storage.deletereferenced`
    bool strict_sizes = false;                 ///< `ocilot.strictsizes`
    std::uint64_t reserve = 64 * 1024 * 1024;  ///< bytes that uploads leave free; 0: none
    std::vector<std::string> sparse;  ///< patterns of repositories whose manifests may name what is missing
    std::vector<QuotaRule> quotas;
};

}  // namespace ocilot::server
