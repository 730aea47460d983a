#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::oci {

/// A version as semver.org writes it, with or without a leading `v`: `1.2.3`, `v1.2.3-rc.1`. Borrows the
/// text.
struct Version {
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    std::uint64_t patch = 0;
    std::vector<std::string_view> prerelease = {};  ///< identifiers; empty for a release

    /// nullopt for any other text.
    static std::optional<Version> parse(std::string_view text);
    /// By precedence (semver.org, 11).
    [[nodiscard]] std::strong_ordering compare(Version const& other) const noexcept;
    /// Bytes of which those of a greater version are greater, and those of an equal one equal: compared as
    /// unsigned bytes, and what another begins with is less.
    [[nodiscard]] std::string sort_key() const;
};

/// The sort key of a text; nullopt if it is no version.
std::optional<std::string> version_key(std::string_view text);

}  // namespace ocilot::oci
