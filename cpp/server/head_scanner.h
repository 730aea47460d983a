#pragma once

#include "base/result.h"
#include "server/limits.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace ocilot::server {

/// Finds the end of a request head in bytes that arrive piece by piece. Refuses at once what can never become
/// a good head: another protocol, a line over the limits, a bare LF, a folded line.
class HeadScanner {
  public:
    explicit HeadScanner(Limits const& limits) noexcept : limits_(limits) {}

    /// `bytes` is everything received since the start of the head. Answers the size of the head with its
    /// empty line, or nothing if more bytes are needed. bad_request, target_too_long, header_too_large.
    Result<std::optional<std::size_t>> scan(std::string_view bytes);

  private:
    Result<> check_line(std::string_view line) const;

    Limits const& limits_;
    std::size_t line_start_ = 0;
    std::size_t scanned_ = 0;
};

}  // namespace ocilot::server
