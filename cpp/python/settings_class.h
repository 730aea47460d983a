#pragma once

#include "python/bind.h"
#include "server/settings/settings.h"

#include <chrono>
#include <string>
#include <utility>

namespace ocilot::python {

/// The Python class of the settings: flat, although each feature has a part of its own in C++. Every file
/// `bind_settings_<feature>.cpp` adds the attributes of one.
using SettingsClass = py::class_<server::Settings>;

/// An attribute: a field of a part.
template <class Part, class Field>
void field(SettingsClass& settings, char const* name, Part server::Settings::* part, Field Part::* member,
           char const* doc) {
    settings.def_property(
        name, [part, member](server::Settings const& self) -> Field const& { return self.*part.*member; },
        [part, member](server::Settings& self, Field value) { self.*part.*member = std::move(value); }, doc);
}

/// The same for a duration, which is a whole number of seconds in Python.
template <class Part>
void seconds(SettingsClass& settings, char const* name, Part server::Settings::* part,
             std::chrono::seconds Part::* member, char const* doc) {
    settings.def_property(
        name, [part, member](server::Settings const& self) { return (self.*part.*member).count(); },
        [name, part, member](server::Settings& self, std::chrono::seconds::rep value) {
            if (value < 0) throw py::value_error(std::string(name) + " cannot be negative");
            self.*part.*member = std::chrono::seconds(value);
        },
        doc);
}

void init_storage_settings(SettingsClass& settings);
void init_listen_settings(SettingsClass& settings);
void init_limit_settings(SettingsClass& settings);
void init_answer_settings(SettingsClass& settings);
void init_auth_settings(SettingsClass& settings);
void init_retention_settings(py::module_& module, SettingsClass& settings);
void init_pull_settings(SettingsClass& settings);
void init_hook_settings(SettingsClass& settings);
void init_event_settings(py::module_& module, SettingsClass& settings);
void init_log_settings(py::module_& module, SettingsClass& settings);

}  // namespace ocilot::python
