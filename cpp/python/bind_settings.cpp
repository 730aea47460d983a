#include "python/settings_class.h"

#include <pybind11/stl.h>

namespace ocilot::python {

void init_settings(py::module_& module) {
    using server::Settings;
    SettingsClass settings(module, "Settings",
                           "The one resolved configuration of a server; durations in whole seconds.");
    settings.def(py::init<>(), "The settings of a registry without any configuration.");
    init_storage_settings(settings);
    init_listen_settings(settings);
    init_limit_settings(settings);
    init_answer_settings(settings);
    init_auth_settings(settings);
    init_retention_settings(module, settings);
    init_event_settings(module, settings);
    init_log_settings(module, settings);
    settings.def_readwrite("hook_points", &Settings::hook_points,
                           "Points that are asked from the first request on, each with its deadline in "
                           "seconds; set the whole list, reading it gives a copy.");
}

}  // namespace ocilot::python
