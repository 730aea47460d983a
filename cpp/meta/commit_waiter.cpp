#include "meta/commit_waiter.h"

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

namespace ocilot::meta {

struct CommitWaiter::State {
    using Ticks = std::chrono::steady_clock;
    explicit State(Executor executor) : timer(executor) {}

    void wake() {
        woken = true;
        timer.cancel();
    }

    asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor> timer;
    bool woken = false;                // On the thread of the executor.
    std::atomic<bool> is_told{false};  // A message is on its way to that thread: many commits are one.
};

CommitWaiter::CommitWaiter(CommitSignal& signal, Executor executor)
    : state_(std::make_shared<State>(executor)), subscription_(signal, [state = state_, executor] {
          if (state->is_told.exchange(true)) return;
          asio::post(executor, [state] {
              state->is_told.store(false);
              state->wake();
          });
      }) {}

Task<> CommitWaiter::wait(std::chrono::milliseconds limit) {
    auto const state = state_;
    if (!state->woken) {
        state->timer.expires_after(limit);
        boost::system::error_code ignored;
        co_await state->timer.async_wait(asio::redirect_error(use_task, ignored));
    }
    state->woken = false;
}

void CommitWaiter::wake() {
    state_->wake();
}

}  // namespace ocilot::meta
