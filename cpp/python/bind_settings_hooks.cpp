#include "python/settings_class.h"

#include <pybind11/stl.h>
#include <tuple>

namespace ocilot::python {

using server::HookSettings;
using server::Settings;

namespace {

using ListenerRow = std::tuple<std::string, std::vector<std::string>, std::optional<std::vector<std::string>>,
                               double, std::string>;

std::optional<std::vector<ListenerRow>> rows_of(Settings const& settings) {
    if (!settings.hooks.listeners) return std::nullopt;
    std::vector<ListenerRow> rows;
    for (auto const& [name, events, repositories, deadline, caller] : *settings.hooks.listeners) {
        rows.emplace_back(name, events, repositories, deadline, caller);
    }
    return rows;
}

void set_rows(Settings& settings, std::optional<std::vector<ListenerRow>> rows) {
    settings.hooks.listeners.reset();
    if (!rows) return;
    settings.hooks.listeners.emplace();
    for (auto& [name, events, repositories, deadline, caller] : *rows) {
        settings.hooks.listeners->push_back(
            {std::move(name), std::move(events), std::move(repositories), deadline, std::move(caller)});
    }
}

}  // namespace

void init_hook_settings(SettingsClass& settings) {
    field(settings, "hook_points", &Settings::hooks, &HookSettings::points,
          "Points that are asked from the first request on, each with its deadline in seconds; set the whole "
          "list, reading it gives a copy.");
    settings.def_property(
        "hook_listeners", &rows_of, &set_rows,
        "Scripts with event hooks, as `HookBox.set_listeners` takes them; None: no script is "
        "notified, and the places of scripts stay as they are.");
}

}  // namespace ocilot::python
