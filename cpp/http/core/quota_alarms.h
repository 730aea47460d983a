#pragma once

#include "base/clock.h"

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace ocilot::http {

/// Which refusals by a quota are news: the first of a caller in a repository, and again after an hour,
/// however often a client tries. Thread-safe.
class QuotaAlarms {
  public:
    [[nodiscard]] bool is_news(std::string caller, std::string repository, Time now);

  private:
    static constexpr std::size_t most = 10'000;  ///< that are remembered; then all are forgotten

    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, Time> told_;
};

}  // namespace ocilot::http
