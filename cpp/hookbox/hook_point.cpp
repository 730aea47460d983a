#include "hookbox/hook_point.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::hookbox {

namespace {

constexpr double shortest = 0.001;
constexpr double longest = 3600;

Error unknown_point(std::string_view name) {
    std::string known;
    for (auto const& row : topics) {
        if (row.point) known += fmt::format("{}{}", known.empty() ? "" : ", ", row.name);
    }
    return {Errc::config, fmt::format("unknown hook point \"{}\": expected one of {}", name, known)};
}

}  // namespace

Result<std::vector<HookPoint>> parse_hook_points(std::span<std::pair<std::string, double> const> named) {
    std::vector<HookPoint> points;
    for (auto const& [name, seconds] : named) {
        auto const row = std::ranges::find_if(
            topics, [&](TopicRow const& one) { return one.point.has_value() && one.name == name; });
        if (row == topics.end()) return unknown_point(name);
        // Written so that what is no number fails, too.
        if (!(seconds >= shortest && seconds <= longest)) {
            return Error{Errc::config,
                         fmt::format("invalid deadline of {}: expected 0.001 to 3600 seconds, got {:g}", name,
                                     seconds)};
        }
        auto const milliseconds = static_cast<std::int64_t>(seconds * 1000);
        points.push_back({row->topic, std::chrono::milliseconds(milliseconds)});
    }
    return points;
}

}  // namespace ocilot::hookbox
