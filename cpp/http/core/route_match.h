#pragma once

#include "http/core/endpoint.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
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
    if (!path.ends_with(shape.tail)) return std::nullopt;
    path.remove_suffix(shape.tail.size());
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

/// A path that a pattern describes. Not a std::string: Clang 14 has none while it compiles.
class ExamplePath {
  public:
    /// With these values for the marks of the pattern. A pattern that is too long does not compile.
    constexpr ExamplePath(std::string_view pattern, std::string_view name, std::string_view item) {
        while (!pattern.empty()) {
            bool const is_name = pattern.starts_with("<name>");
            bool const is_mark = is_name || pattern.starts_with("<item>");
            auto const taken = pattern.substr(0, is_mark ? mark_size : 1);
            append(is_name ? name : is_mark ? item : taken);
            pattern.remove_prefix(taken.size());
        }
    }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text_.data(), size_}; }

  private:
    static constexpr std::size_t mark_size = 6;

    constexpr void append(std::string_view text) {
        for (char const c : text) text_.at(size_++) = c;
    }

    std::array<char, 256> text_{};
    std::size_t size_ = 0;
};

/// Whether some path finds row number `at` of a table: the row fits the paths that its own pattern describes,
/// and no row before it takes all of them.
constexpr bool is_reachable(std::span<Endpoint const> rows, std::size_t at) {
    auto const& row = rows[at];
    // No pattern has the control characters that stand for values: only a mark can take them.
    ExamplePath const one(row.pattern, "\x01", "\x02");
    ExamplePath const other(row.pattern, "\x01/\x01", "\x02");
    auto const plain = one.view();
    auto const nested = other.view();
    bool const is_path = plain.starts_with('/') && plain.find_first_of("<>") == plain.npos;
    if (!is_path || !match(row, plain) || !match(row, nested)) return false;
    auto const is_free = [earlier = rows.first(at)](std::string_view path) {
        return std::ranges::none_of(earlier,
                                    [path](Endpoint const& it) { return match(it, path).has_value(); });
    };
    if (is_free(plain) || is_free(nested)) return true;
    return row.shape.open_end && is_free(plain.substr(0, plain.size() - 1));
}

}  // namespace ocilot::http
