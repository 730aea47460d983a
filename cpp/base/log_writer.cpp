#include "base/log_writer.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <mutex>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace ocilot {

namespace {

constexpr std::size_t enough = 32 * 1024;  // Bytes that are worth a write at once.
constexpr int glance_ms = 100;             // Between two looks at whether this is the end.
constexpr int glances_at_the_end = 10;
// A little more than the glances take: later the thread is in a write that does not come back.
constexpr std::chrono::milliseconds last_wait{glance_ms * (glances_at_the_end + 5)};

std::uint64_t lines_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

}  // namespace

struct LogWriter::Shared {
    int const fd;
    std::chrono::milliseconds const gathering;
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable ended;
    std::string waiting;
    std::string batch;                // Being written; changes only under the lock.
    std::atomic<std::size_t> sent{};  // Bytes of it that have been.
    bool closing = false;
    std::atomic<bool> over{};  // The thread has ended, or has been left to itself.

    void serve() {
        std::unique_lock lock(mutex);
        while (!over) {
            wake.wait(lock, [this] { return closing || !waiting.empty(); });
            if (waiting.empty()) break;
            wake.wait_for(lock, gathering, [this] { return closing || waiting.size() >= enough; });
            batch.clear();
            sent = 0;
            std::swap(batch, waiting);
            lock.unlock();
            bool const written = write_out();
            lock.lock();
            if (!written) break;
        }
        over = true;
        ended.notify_all();
    }

    /// False if it is time to give up.
    bool write_out() {
        while (sent < batch.size()) {
            if (over || !wait_until_writable()) return false;
            // A pipe that polls as writable takes this much without blocking.
            auto const piece = std::min<std::size_t>(batch.size() - sent, PIPE_BUF);
            auto const wrote = ::write(fd, batch.data() + sent, piece);
            if (wrote < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (wrote < 0) return true;  // Nowhere left to say so; the next lines may fare better.
            sent += static_cast<std::size_t>(wrote);
        }
        return true;
    }

    bool wait_until_writable() {
        for (int last = 0; last < glances_at_the_end;) {
            pollfd writable{fd, POLLOUT, 0};
            if (::poll(&writable, 1, glance_ms) != 0) return true;
            std::lock_guard const lock(mutex);
            if (closing) ++last;
        }
        return false;
    }
};

LogWriter::LogWriter(int fd, std::size_t capacity, Counter& dropped, std::chrono::milliseconds gathering)
    : capacity_(capacity),
      dropped_(dropped),
      shared_(new Shared{.fd = fd, .gathering = gathering}),
      thread_([shared = shared_] { shared->serve(); }) {}

LogWriter::~LogWriter() {
    std::unique_lock lock(shared_->mutex);
    shared_->closing = true;
    shared_->wake.notify_one();
    bool const ended = shared_->ended.wait_for(lock, last_wait, [this] { return shared_->over.load(); });
    shared_->over = true;
    auto const unsent = std::string_view(shared_->batch).substr(shared_->sent);
    dropped_.add(lines_in(unsent) + lines_in(shared_->waiting));
    lock.unlock();
    if (ended) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

void LogWriter::write(std::string_view line) {
    {
        std::lock_guard const lock(shared_->mutex);
        auto& waiting = shared_->waiting;
        if (waiting.size() + line.size() > capacity_) {
            dropped_.add();
            return;
        }
        bool const first = waiting.empty();
        bool const was_enough = waiting.size() >= enough;
        waiting += line;
        if (!first && (was_enough || waiting.size() < enough)) return;
    }
    shared_->wake.notify_one();
}

}  // namespace ocilot
