#pragma once

#include <string_view>

namespace ocilot::oci {

/// Whether a whole text is what a pattern says: `*` stands for any number of any bytes, also none, every
/// other byte for itself. Allocates nothing; takes at most pattern times text steps.
///
/// A RepositoryPattern compares each component so. Claims and subjects of foreign tokens are compared so as a
/// whole: they are no paths, and a slash is a byte like any other there.
[[nodiscard]] bool fits_wildcards(std::string_view pattern, std::string_view text) noexcept;

}  // namespace ocilot::oci
