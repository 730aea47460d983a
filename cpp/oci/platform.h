#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ocilot::oci {

/// The platforms of the images that an index names, each once, in its order: `linux/arm64/v8`. None for what
/// has none, as attestations (`unknown/unknown`), and for what is no index.
[[nodiscard]] std::vector<std::string> platforms_of_index(std::string_view index);

/// The platform that the configuration of an image names; none if it names none.
[[nodiscard]] std::vector<std::string> platforms_of_config(std::string_view config);

/// Whether a configuration is that of an image, and so names a platform.
[[nodiscard]] bool is_image_config(std::string_view media_type) noexcept;

}  // namespace ocilot::oci
