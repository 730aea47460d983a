#pragma once

#include "base/task.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <memory>
#include <utility>

namespace ocilot {

/// The right to resume one suspended Task with a value, once, from any thread; the Task goes on where it was
/// suspended. Dropping it uncalled abandons the Task.
template <class R>
class Resume {
  public:
    template <class Handler>
    explicit Resume(Handler handler) : waiting_(std::make_unique<Waiting<Handler>>(std::move(handler))) {}

    void operator()(R value) { std::exchange(waiting_, nullptr)->resume(std::move(value)); }

  private:
    struct Base {
        Base() = default;
        Base(Base const&) = delete;
        Base& operator=(Base const&) = delete;
        virtual ~Base() = default;
        virtual void resume(R value) = 0;
    };
    template <class Handler>
    struct Waiting final : Base {
        using Work = decltype(asio::prefer(std::declval<asio::associated_executor_t<Handler>>(),
                                           asio::execution::outstanding_work.tracked));
        explicit Waiting(Handler h)
            : work(asio::prefer(asio::get_associated_executor(h), asio::execution::outstanding_work.tracked)),
              handler(std::move(h)) {}
        /// The work is let go of after the post, not by what is posted: a context must not end while another
        /// thread is still in it.
        void resume(R value) override {
            asio::post(work, [h = std::move(handler), v = std::move(value)]() mutable {
                std::move(h)(std::move(v));
            });
        }
        Work work;
        Handler handler;
    };
    std::unique_ptr<Base> waiting_;
};

/// Suspends the calling Task and hands `start` the Resume that wakes it.
/// Not cancellable: whoever holds the Resume must call it.
template <class R, class Start>
Task<R> suspend(Start start) {
    return asio::async_initiate<asio::use_awaitable_t<Executor> const, void(R)>(
        [](auto handler, Start begin) { begin(Resume<R>(std::move(handler))); }, use_task, std::move(start));
}

}  // namespace ocilot
