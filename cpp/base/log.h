#pragma once

#include "base/clock.h"

#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace ocilot {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
enum class LogFormat : std::uint8_t { text, json };

[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;

/// One key and value of a structured log line. Borrowed for the call.
struct LogField {
    std::string_view key;
    std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;
};

/// Where finished lines go, each ending in a newline. Thread-safe.
class LogSink {
  public:
    virtual ~LogSink() = default;
    virtual void write(std::string_view line) = 0;
};

/// Lines to a file descriptor (not owned), one write(2) a line.
class FdSink final : public LogSink {
  public:
    explicit FdSink(int fd) noexcept : fd_(fd) {}
    void write(std::string_view line) override;

  private:
    int fd_;
};

/// Keeps lines in memory; for tests.
class MemorySink final : public LogSink {
  public:
    void write(std::string_view line) override;
    [[nodiscard]] std::string text() const;

  private:
    mutable std::mutex mutex_;
    std::string text_;
};

/// The structured log: one line a happening, as `key=value` text or as one JSON object. Thread-safe.
/// Control characters in values are escaped: a client cannot forge a line.
class Log {
  public:
    Log(LogSink& sink, Clock const& clock, LogFormat format, LogLevel min_level) noexcept
        : sink_(sink), clock_(clock), format_(format), min_level_(min_level) {}

    [[nodiscard]] bool is_enabled(LogLevel level) const noexcept { return level >= min_level_; }
    void write(LogLevel level, std::string_view message, std::span<LogField const> fields) const;
    void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) const {
        write(level, message, std::span(fields.begin(), fields.size()));
    }

    void debug(std::string_view m, std::initializer_list<LogField> f = {}) const {
        write(LogLevel::debug, m, f);
    }
    void info(std::string_view m, std::initializer_list<LogField> f = {}) const {
        write(LogLevel::info, m, f);
    }
    void warn(std::string_view m, std::initializer_list<LogField> f = {}) const {
        write(LogLevel::warn, m, f);
    }
    void error(std::string_view m, std::initializer_list<LogField> f = {}) const {
        write(LogLevel::error, m, f);
    }

  private:
    LogSink& sink_;
    Clock const& clock_;
    LogFormat format_;
    LogLevel min_level_;
};

/// Appends `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ocilot
