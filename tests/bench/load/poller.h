#pragma once

#include "clock.h"

#include <array>
#include <cstdint>
#include <span>
#include <sys/epoll.h>

namespace ocilot::load {

/// epoll, level-triggered.
class Poller {
  public:
    /// Throws std::system_error when the system gives no more descriptors, as add() does.
    Poller();
    ~Poller();
    Poller(Poller const&) = delete;
    Poller& operator=(Poller const&) = delete;

    /// Closing `fd` removes it.
    void add(int fd, std::uint32_t events, void* owner);
    void change(int fd, std::uint32_t events, void* owner);

    /// What is ready after at most `longest`; 0 only looks. The span is good until the next call.
    std::span<epoll_event const> wait(Nanos longest);

  private:
    int fd_;
    std::array<epoll_event, 512> ready_{};
};

}  // namespace ocilot::load
