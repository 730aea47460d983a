#pragma once

#include "base/log.h"
#include "base/metrics.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>

namespace ocilot {

/// Lines to a file descriptor (not owned) by a thread of its own: whoever logs never waits for whoever reads.
/// If nobody reads, up to `capacity` bytes wait; lines beyond that are dropped and counted.
class LogWriter final : public LogSink {
  public:
    /// After a first line the thread waits up to `gathering` for more: a busy log is written in large pieces.
    LogWriter(int fd, std::size_t capacity, Counter& dropped, std::chrono::milliseconds gathering = {});
    /// Writes what waits, for a second at most; lines that are left are dropped and counted. A thread that is
    /// stuck in a write even then is left to itself.
    ~LogWriter() override;
    LogWriter(LogWriter const&) = delete;
    LogWriter& operator=(LogWriter const&) = delete;

    void write(std::string_view line) override;

  private:
    /// What the thread works with, which may outlive this.
    struct Shared;

    std::size_t capacity_;
    Counter& dropped_;
    std::shared_ptr<Shared> shared_;
    std::thread thread_;
};

}  // namespace ocilot
