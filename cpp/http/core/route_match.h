#pragma once

#include "http/core/endpoint.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ocilot::http {

/// A path that found its row. Borrows the path.
struct Route {
    Endpoint const* endpoint;
    std::string_view name;  ///< what `<name>` stands for, not yet checked
    std::string_view item;  ///< what `<item>` stands for, not yet checked
};

/// Takes the last segment off; it may not be empty.
constexpr bool take_last_segment(std::string_view& path, std::string_view& segment) noexcept {
    auto const slash = path.rfind('/');
    if (slash == std::string_view::npos || slash + 1 == path.size()) return false;
    segment = path.substr(slash + 1);
    path = path.substr(0, slash + 1);
    return true;
}

/// The route of a decoded path, if it fits this row.
constexpr std::optional<Route> match(Endpoint const& endpoint, std::string_view path) noexcept {
    Route route{.endpoint = &endpoint, .name = {}, .item = {}};
    auto const& shape = endpoint.shape;
    if (shape.open_end && path.ends_with('/')) path.remove_suffix(1);
    if (shape.has_item && !take_last_segment(path, route.item)) return std::nullopt;
    if (!shape.has_name) return path == shape.before ? std::optional(route) : std::nullopt;
    if (!path.ends_with(shape.after)) return std::nullopt;
    path.remove_suffix(shape.after.size());
    if (!path.starts_with(shape.before)) return std::nullopt;
    path.remove_prefix(shape.before.size());
    if (path.empty()) return std::nullopt;
    route.name = path;
    return route;
}

/// A path that a pattern describes, with these values for its marks.
constexpr std::string path_of(std::string_view pattern, std::string_view name, std::string_view item) {
    std::string path;
    while (!pattern.empty()) {
        if (pattern.starts_with("<name>")) {
            path += name;
            pattern.remove_prefix(6);
        } else if (pattern.starts_with("<item>")) {
            path += item;
            pattern.remove_prefix(6);
        } else {
            path += pattern.front();
            pattern.remove_prefix(1);
        }
    }
    return path;
}

/// Whether some path finds row number `at` of a table: the row fits the paths that its own pattern describes,
/// and no row before it takes all of them.
constexpr bool is_reachable(std::span<Endpoint const> rows, std::size_t at) {
    auto const& row = rows[at];
    // No pattern has the control characters that stand for values: only a mark can take them.
    auto const plain = path_of(row.pattern, "\x01", "\x02");
    auto const nested = path_of(row.pattern, "\x01/\x01", "\x02");
    bool const is_path = plain.starts_with('/') && plain.find_first_of("<>") == plain.npos;
    if (!is_path || !match(row, plain) || !match(row, nested)) return false;
    auto const is_free = [earlier = rows.first(at)](std::string_view path) {
        return std::ranges::none_of(earlier,
                                    [path](Endpoint const& one) { return match(one, path).has_value(); });
    };
    if (is_free(plain) || is_free(nested)) return true;
    return row.shape.open_end && is_free(std::string_view(plain).substr(0, plain.size() - 1));
}

}  // namespace ocilot::http
