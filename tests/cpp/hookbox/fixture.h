#pragma once

#include "hookbox/hook_box.h"
#include "run.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace ocilot::test {

using namespace std::chrono_literals;

/// Asks from one I/O context, whose events run when the test says so.
class Askers {
  public:
    using Slot = std::shared_ptr<std::optional<Result<hookbox::Answer>>>;

    /// Puts a question into the box; its answer will be in the slot.
    Slot ask(hookbox::Mailbox& box, hookbox::Topic topic = hookbox::Topic::authorize,
             hookbox::Mailbox::Duration deadline = 1h, hookbox::Case about = hookbox::ControlCase{}) {
        auto slot = std::make_shared<std::optional<Result<hookbox::Answer>>>();
        asio::co_spawn(context_, keep(box.ask(topic, std::move(about), deadline), slot), asio::detached);
        context_.restart();
        context_.poll();
        return slot;
    }
    /// Lets what has been answered go on.
    void poll() {
        context_.restart();
        context_.poll();
    }
    /// Waits until everything has been answered.
    void finish() {
        context_.restart();
        context_.run();
    }

  private:
    static Task<> keep(Task<Result<hookbox::Answer>> question, Slot slot) {
        slot->emplace(co_await std::move(question));
    }
    asio::io_context context_{1};
};

}  // namespace ocilot::test
