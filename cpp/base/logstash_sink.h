#pragma once

#include "base/log.h"

namespace ocilot {

/// Turns lines of JSON into those that Logstash reads: `@timestamp` and `@version`, `message` for `msg`, and
/// a `type`. Lines that are no JSON objects of a log pass as they are.
class LogstashSink final : public LogSink {
  public:
    /// `type` is `ocilot` for the log and `access` for the access log.
    LogstashSink(LogSink& next, std::string_view type) : next_(next), type_(type) {}
    void write(std::string_view line) override;

  private:
    LogSink& next_;
    std::string const type_;
};

}  // namespace ocilot
