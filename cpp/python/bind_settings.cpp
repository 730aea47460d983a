#include "python/settings_class.h"

namespace ocilot::python {

void init_settings(py::module_& module) {
    SettingsClass settings(module, "Settings",
                           "The one resolved configuration of a server; durations in whole seconds.");
    settings.def(py::init<>(), "The settings of a registry without any configuration.");
    init_storage_settings(settings);
    init_listen_settings(settings);
    init_limit_settings(settings);
    init_answer_settings(settings);
    init_auth_settings(settings);
    init_retention_settings(module, settings);
    init_pull_settings(settings);
    init_event_settings(module, settings);
    init_log_settings(module, settings);
    init_hook_settings(settings);
}

}  // namespace ocilot::python
