#pragma once

#include "base/log.h"
#include "base/metrics.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>

namespace ocilot {

/// Lines to a file descriptor (not owned) by a thread of its own: whoever logs never waits for whoever reads.
/// If nobody reads, up to `capacity` bytes wait; lines beyond that are dropped and counted.
class LogWriter final : public LogSink {
  public:
    /// After a first line the thread waits up to `gathering` for more: a busy log is written in large pieces.
    LogWriter(int fd, std::size_t capacity, Counter& dropped, std::chrono::milliseconds gathering = {});
    /// Writes what waits, for a second at most.
    ~LogWriter() override;
    LogWriter(LogWriter const&) = delete;
    LogWriter& operator=(LogWriter const&) = delete;

    void write(std::string_view line) override;

  private:
    void serve();
    /// False if it is time to give up.
    bool write_out(std::string_view text);
    bool wait_until_writable();

    int fd_;
    std::size_t capacity_;
    Counter& dropped_;
    std::chrono::milliseconds gathering_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::string waiting_;
    bool closing_ = false;
    std::thread thread_;
};

}  // namespace ocilot
