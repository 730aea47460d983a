#include "python/settings_class.h"

#include <pybind11/stl.h>

namespace ocilot::python {

using server::LimitSettings;
using server::Settings;

void init_limit_settings(SettingsClass& settings) {
    field(settings, "header_limit", &Settings::limits, &LimitSettings::header, "Bytes of a request's head.");
    field(settings, "manifest_limit", &Settings::limits, &LimitSettings::manifest, "Bytes of a manifest.");
    field(settings, "body_rate", &Settings::limits, &LimitSettings::body_rate,
          "Bytes a second a body has to average; 0: any.");
    field(settings, "connection_limit", &Settings::limits, &LimitSettings::connections,
          "Open connections; 0: any number.");
    field(settings, "client_connection_limit", &Settings::limits, &LimitSettings::client_connections,
          "Open connections of one client address, or of the /64 of one of IPv6; 0: any number.");
    field(settings, "client_connection_limit_for_trusted", &Settings::limits, &LimitSettings::counts_trusted,
          "Whether that holds for loopback and trusted proxies, too.");
    field(settings, "body_memory", &Settings::limits, &LimitSettings::body_memory,
          "Bytes of answers and bodies of requests in memory; 0: any number.");
    field(settings, "upload_memory", &Settings::limits, &LimitSettings::upload_memory,
          "Bytes of buffers of uploads that are being received; 0: any number.");
    field(settings, "json_depth", &Settings::limits, &LimitSettings::json_depth,
          "Levels of nesting in a manifest.");
    field(settings, "json_members", &Settings::limits, &LimitSettings::json_members,
          "Members of one object in a manifest; 0: any number.");
    seconds(settings, "header_timeout", &Settings::limits, &LimitSettings::header_timeout,
            "Seconds a request's head may take.");
    seconds(settings, "body_grace", &Settings::limits, &LimitSettings::body_grace,
            "Seconds before a body has to have its rate.");
    seconds(settings, "idle_timeout", &Settings::limits, &LimitSettings::idle_timeout,
            "Seconds a connection may be silent.");
    seconds(settings, "drain_timeout", &Settings::limits, &LimitSettings::drain_timeout,
            "Seconds for requests under way at the end.");
    seconds(settings, "shutdown_delay", &Settings::limits, &LimitSettings::shutdown_delay,
            "Seconds with `/readyz` at 503 before `ocilot serve` stops listening.");
}

}  // namespace ocilot::python
