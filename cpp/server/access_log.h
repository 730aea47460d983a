#pragma once

#include "base/clock.h"
#include "base/log.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::server {

/// One request as the access log shows it. Borrowed for the call.
struct AccessEntry {
    Time at;                    ///< when the request began
    std::string_view clf;       ///< the same as clf_time shows it
    std::string_view peer;      ///< numeric address
    std::string_view user;      ///< name of the verified caller; empty for an anonymous one
    std::string_view kind;      ///< its kind; empty if the request was answered without identifying a caller
    std::string_view method;    ///< as sent; empty if the request line was not understood
    std::string_view target;    ///< as sent; without a method the whole request line
    std::string_view protocol;  ///< `HTTP/1.1`
    std::string_view referer;
    std::string_view user_agent;
    std::string_view id;
    unsigned status = 0;
    std::uint64_t body_bytes = 0;  ///< of the answer
    std::chrono::microseconds duration{0};
};

/// Appends an entry as a line in Apache's combined format; request id, seconds and the caller's kind follow.
/// Quotes, backslashes and everything outside printable ASCII are escaped: a client cannot forge a line.
/// Targets are cut to 2 KiB.
void append_combined(std::string& out, AccessEntry const& entry);
/// Appends an entry as a line with one JSON object.
void append_json(std::string& out, AccessEntry const& entry);

/// One line a request. Thread-safe as its sink.
class AccessLog {
  public:
    AccessLog(LogSink& sink, LogFormat format) noexcept : sink_(sink), format_(format) {}
    void write(AccessEntry const& entry) const;

  private:
    LogSink& sink_;
    LogFormat format_;
};

}  // namespace ocilot::server
