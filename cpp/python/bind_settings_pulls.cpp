#include "python/settings_class.h"

#include <pybind11/stl.h>

namespace ocilot::python {

using server::PullSettings;
using server::Settings;

void init_pull_settings(SettingsClass& settings) {
    field(settings, "pulls_ignore", &Settings::pulls, &PullSettings::ignore,
          "Subjects whose pulls do not count.");
    seconds(settings, "pulls_interval", &Settings::pulls, &PullSettings::interval,
            "Seconds between two batches of counted pulls.");
}

}  // namespace ocilot::python
