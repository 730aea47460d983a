#include "server/dates.h"

#include <fmt/chrono.h>

namespace ocilot::server {

std::string_view Dates::http(Time time) {
    auto const second = std::chrono::floor<std::chrono::seconds>(time);
    if (second != http_.second) {
        http_ = {second, fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                                     fmt::gmtime(std::chrono::system_clock::to_time_t(second)))};
    }
    return http_.text;
}

std::string_view Dates::clf(Time time) {
    auto const second = std::chrono::floor<std::chrono::seconds>(time);
    if (second != clf_.second) clf_ = {second, clf_time(second)};
    return clf_.text;
}

}  // namespace ocilot::server
