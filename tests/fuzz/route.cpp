#include "http/core/route.h"

#include "promise.h"
#include "targets.h"

namespace ocilot::fuzz {

namespace {

/// The patterns of every route, with nobody behind them: CMake reads them out of the sources.
http::Routes const& table() {
    using http::row;
    static constexpr http::Endpoint rows[] = {
#include "route_rows.inc"
    };
    static http::Routes const all{rows};
    return all;
}

/// The pattern with its marks filled in, from the right: a name may look like a mark.
std::string filled(http::Route const& route) {
    auto const pattern = route.endpoint->pattern;
    std::string path(pattern);
    for (auto const& [mark, value] : {std::pair<std::string_view, std::string_view>{"<item>", route.item},
                                      std::pair<std::string_view, std::string_view>{"<name>", route.name}}) {
        auto const at = pattern.find(mark);
        promise((at == pattern.npos) == value.empty(), "every mark of a pattern stands for something");
        if (at != pattern.npos) path.replace(at, mark.size(), value);
    }
    return path;
}

std::string without_slash(std::string_view path) {
    return std::string(path.substr(0, path.size() - (path.ends_with('/') ? 1 : 0)));
}

}  // namespace

void route(std::string_view input) {
    auto const route = table().find(input);
    if (!route) return;
    promise(route->item.find('/') == std::string_view::npos, "an item is one segment");
    promise(route->name.empty() || inside(route->name, input), "a name is a part of the path");
    auto const path = filled(*route);
    promise(without_slash(path) == without_slash(input), "name and item are what the pattern leaves");
    auto const again = table().find(path);
    promise(again && again->endpoint == route->endpoint && again->name == route->name &&
                again->item == route->item,
            "one path has one meaning");
}

}  // namespace ocilot::fuzz
