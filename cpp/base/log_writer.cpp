#include "base/log_writer.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace ocilot {

namespace {

constexpr std::size_t enough = 32 * 1024;  // Bytes that are worth a write at once.
constexpr int glance_ms = 100;             // Between two looks at whether this is the end.
constexpr int glances_at_the_end = 10;

}  // namespace

LogWriter::LogWriter(int fd, std::size_t capacity, Counter& dropped, std::chrono::milliseconds gathering)
    : fd_(fd), capacity_(capacity), dropped_(dropped), gathering_(gathering), thread_([this] { serve(); }) {}

LogWriter::~LogWriter() {
    {
        std::lock_guard const lock(mutex_);
        closing_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void LogWriter::write(std::string_view line) {
    {
        std::lock_guard const lock(mutex_);
        if (waiting_.size() + line.size() > capacity_) {
            dropped_.add();
            return;
        }
        bool const first = waiting_.empty();
        bool const was_enough = waiting_.size() >= enough;
        waiting_ += line;
        if (!first && (was_enough || waiting_.size() < enough)) return;
    }
    wake_.notify_one();
}

void LogWriter::serve() {
    std::string batch;
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        wake_.wait_for(lock, gathering_, [this] { return closing_ || waiting_.size() >= enough; });
        batch.clear();
        std::swap(batch, waiting_);
        lock.unlock();
        bool const written = write_out(batch);
        lock.lock();
        if (!written) return;
    }
}

bool LogWriter::write_out(std::string_view text) {
    while (!text.empty()) {
        if (!wait_until_writable()) return false;
        // A pipe that polls as writable takes this much without blocking.
        auto const wrote = ::write(fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (wrote < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (wrote < 0) return true;  // Nowhere left to say so; the next lines may fare better.
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

bool LogWriter::wait_until_writable() {
    for (int last = 0; last < glances_at_the_end;) {
        pollfd writable{fd_, POLLOUT, 0};
        if (::poll(&writable, 1, glance_ms) != 0) return true;
        std::lock_guard const lock(mutex_);
        if (closing_) ++last;
    }
    return false;
}

}  // namespace ocilot
