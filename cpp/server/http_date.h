#pragma once

#include "base/clock.h"

#include <string>
#include <string_view>

namespace ocilot::server {

/// The value of `Date`, made once a second. Not thread-safe; one each thread.
class HttpDate {
  public:
    /// `Sun, 06 Nov 1994 08:49:37 GMT`; good until the next call.
    [[nodiscard]] std::string_view at(Time time);

  private:
    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    std::string text_;
};

}  // namespace ocilot::server
