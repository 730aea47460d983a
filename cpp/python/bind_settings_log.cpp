#include "python/settings_class.h"

#include <pybind11/native_enum.h>

namespace ocilot::python {

using server::LogSettings;
using server::Settings;

namespace {

void init_log_enums(py::module_& module) {
    py::native_enum<LogLevel>(module, "LogLevel", "enum.Enum", "Minimum log level.")
        .value("debug", LogLevel::debug)
        .value("info", LogLevel::info)
        .value("warn", LogLevel::warn)
        .value("error", LogLevel::error)
        .finalize();
    py::native_enum<LogFormat>(module, "LogFormat", "enum.Enum", "Log format.")
        .value("text", LogFormat::text)
        .value("json", LogFormat::json)
        .finalize();
}

}  // namespace

void init_log_settings(py::module_& module, SettingsClass& settings) {
    init_log_enums(module);
    field(settings, "log_level", &Settings::log, &LogSettings::level, "Minimum log level.");
    field(settings, "log_format", &Settings::log, &LogSettings::format, "Log format.");
    field(settings, "logstash", &Settings::log, &LogSettings::logstash,
          "Whether lines of JSON have the names that Logstash knows.");
    field(settings, "access_log", &Settings::log, &LogSettings::access, "Whether each request is logged.");
}

}  // namespace ocilot::python
