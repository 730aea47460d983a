#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ocilot::policy {

/// Images that deployments use, as a script names them.
struct ImagesInUse {
    std::vector<std::string> references;  ///< as `oci::ImageName` reads them
    std::string by = {};                  ///< the script
    /// Patterns of the repositories that it speaks of; nullopt: of all.
    std::optional<std::vector<std::string>> repositories = {};
};

}  // namespace ocilot::policy
