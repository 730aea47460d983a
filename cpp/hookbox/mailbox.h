#pragma once

#include "base/suspend.h"
#include "hookbox/answer.h"
#include "hookbox/mailbox_metrics.h"
#include "hookbox/question.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace ocilot::hookbox {

/// Questions on their way to whoever answers them, and answers on their way back. I/O threads ask and never
/// wait; any number of other threads take and answer. Every question is answered: by its deadline at the
/// latest, by the mailbox itself. Thread-safe.
///
/// A thread that comes back for more at once answers alone, so that questions cost no wake-ups. Others are
/// woken only if a question has to wait.
class Mailbox {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;
    static constexpr Duration wake_delay = std::chrono::milliseconds(1);  ///< before another thread is woken

    /// `capacity`: most questions without an answer.
    explicit Mailbox(Metrics& metrics, std::size_t capacity = 10'000);
    /// No thread may be in a call any more.
    ~Mailbox();
    Mailbox(Mailbox const&) = delete;
    Mailbox& operator=(Mailbox const&) = delete;

    /// Suspends the asker until the answer. unavailable if it does not come within `deadline`, at once if the
    /// mailbox is full or closed.
    /// `request` is the id of the request that asks, for what is logged about it.
    Task<Result<Answer>> ask(Topic topic, Case about, Duration deadline, std::string request = {});

    /// The oldest question that nobody has taken, if there is one.
    std::optional<Question> try_take();
    /// The same, but waits for one; nullopt if none came within `wait`, or the mailbox is closed.
    std::optional<Question> take(Duration wait);
    /// Answers a question that was taken. False, and nothing happens, if it has been answered, or is late.
    bool answer(std::uint64_t id, Answer answer);

    /// Answers what is outstanding of a topic with unavailable.
    void end(Topic topic);
    /// Answers what is outstanding with unavailable, and wakes whoever waits.
    void close();
    [[nodiscard]] bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
    /// Whether somebody has ever come to take a question.
    [[nodiscard]] bool attended() const noexcept { return attended_.load(std::memory_order_relaxed); }

    /// What the mailbox's own thread does each millisecond while questions wait: answers those whose deadline
    /// has passed, and wakes another taker if the oldest has waited too long.
    void tick(TimePoint now);

  private:
    struct Pending {
        Question question;
        TimePoint asked_at;
        Resume<Result<Answer>> asker;
    };
    using PendingQuestions = std::map<std::uint64_t, Pending>;  // By id: the oldest first.

    void post(Question question, Duration deadline, Resume<Result<Answer>> asker);
    std::optional<Question> take_one(std::unique_lock<std::mutex> const& held);
    void taker_returned(std::unique_lock<std::mutex> const& held);
    [[nodiscard]] bool may_wake(std::unique_lock<std::mutex> const& held) const noexcept;
    /// Takes out a question wherever it is; nullopt if it has its answer.
    std::optional<Pending> extract(std::unique_lock<std::mutex> const& held, std::uint64_t id);
    std::vector<Pending> take_late(std::unique_lock<std::mutex> const& held, TimePoint now);
    void run_ticker();

    MailboxMetrics metrics_;
    std::size_t const capacity_;
    std::atomic<bool> closed_{false};
    std::atomic<bool> attended_{false};

    std::mutex mutex_;
    PendingQuestions waiting_;  // Nobody has taken them.
    PendingQuestions taken_;
    std::set<std::pair<TimePoint, std::uint64_t>> deadlines_;  // Of all of both.
    std::uint64_t last_id_ = 0;

    std::condition_variable takers_;
    std::size_t sleeping_ = 0;    // Takers that wait.
    bool waking_ = false;         // One of them has been notified and has not come yet.
    std::thread::id last_taker_;  // Who took the last question,
    bool is_busy_ = false;        // and has not come back since.
    TimePoint last_take_{};
    unsigned takes_since_tick_ = 0;

    std::condition_variable ticker_wake_;
    bool ticking_ = false;  // The ticker looks again without being woken.
    std::thread ticker_;    // Sleeps until the first question.
};

}  // namespace ocilot::hookbox
