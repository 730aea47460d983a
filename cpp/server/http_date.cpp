#include "server/http_date.h"

#include <fmt/chrono.h>

namespace ocilot::server {

std::string_view HttpDate::at(Time time) {
    auto const second = std::chrono::floor<std::chrono::seconds>(time);
    if (second != second_) {
        second_ = second;
        text_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                            fmt::gmtime(std::chrono::system_clock::to_time_t(second)));
    }
    return text_;
}

}  // namespace ocilot::server
