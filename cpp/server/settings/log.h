#pragma once

#include "base/log.h"

namespace ocilot::server {

/// What is logged.
struct LogSettings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    bool access = true;
};

}  // namespace ocilot::server
