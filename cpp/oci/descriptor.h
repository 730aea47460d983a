#pragma once

#include "oci/digest.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ocilot::oci {

using Annotations = std::map<std::string, std::string>;

/// Names content: type, digest, size in bytes (image-spec, descriptor.md).
struct Descriptor {
    std::string media_type;
    Digest digest;
    std::uint64_t size = 0;
    std::vector<std::string> urls = {};
    std::string artifact_type = {};
    Annotations annotations = {};
};

}  // namespace ocilot::oci
