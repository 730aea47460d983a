#pragma once

#include "base/log.h"

namespace ocilot::server {

/// What is logged.
struct LogSettings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    bool access = true;
    bool logstash = false;  ///< lines of JSON with the names that Logstash knows
};

}  // namespace ocilot::server
