#pragma once

#include <optional>
#include <string_view>

namespace ocilot::http {

/// A host with an optional port (RFC 3986 §3.2), as written: `registry.example:5000`, `[::1]`.
struct Authority {
    std::string_view host;  ///< with its brackets
    std::string_view port;  ///< digits, empty without one
};

/// nullopt if the host is empty, is neither a name nor an address, comes with a user, or has a port above
/// 65535: what is left cannot break out of its place in a URL.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text) noexcept;

/// Whether `text` is a port: a number from 1 to 65535.
[[nodiscard]] bool is_port(std::string_view text) noexcept;

/// A request target or URL in absolute form (RFC 9112 §3.2.2), as written.
struct AbsoluteTarget {
    std::string_view scheme;     ///< what stands before `://`
    std::string_view authority;  ///< not checked
    std::string_view rest;       ///< path and query; may be empty or begin with `?`
};

/// nullopt for a target of another form. The only place that takes one apart.
[[nodiscard]] std::optional<AbsoluteTarget> split_absolute(std::string_view target) noexcept;

}  // namespace ocilot::http
