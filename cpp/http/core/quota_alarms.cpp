#include "http/core/quota_alarms.h"

#include <chrono>
#include <utility>

namespace ocilot::http {

bool QuotaAlarms::is_news(std::string caller, std::string repository, Time now) {
    std::lock_guard const lock(mutex_);
    if (told_.size() >= most) told_.clear();
    auto const [found, is_first] = told_.try_emplace({std::move(caller), std::move(repository)}, now);
    bool const is_old = now - found->second >= std::chrono::hours(1);
    if (is_old) found->second = now;
    return is_first || is_old;
}

}  // namespace ocilot::http
