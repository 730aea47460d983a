#pragma once

#include "base/clock.h"

#include <string>
#include <string_view>

namespace ocilot::server {

/// Points in time as text, each made once a second. Not thread-safe; one each thread. What is answered is
/// good until the next call.
class Dates {
  public:
    /// The value of `Date`: `Sun, 06 Nov 1994 08:49:37 GMT`.
    [[nodiscard]] std::string_view http(Time time);
    /// See clf_time.
    [[nodiscard]] std::string_view clf(Time time);

  private:
    struct Text {
        std::chrono::sys_seconds second = std::chrono::sys_seconds::min();
        std::string text;
    };
    Text http_;
    Text clf_;
};

}  // namespace ocilot::server
