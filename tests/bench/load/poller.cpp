#include "poller.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace ocilot::load {

Poller::Poller() : fd_{::epoll_create1(EPOLL_CLOEXEC)} {
    if (fd_ < 0) throw std::system_error(errno, std::system_category(), "no epoll instance");
}

Poller::~Poller() {
    ::close(fd_);
}

void Poller::add(int fd, std::uint32_t events, void* owner) {
    epoll_event event{.events = events, .data = {.ptr = owner}};
    if (::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) {
        throw std::system_error(errno, std::system_category(), "a connection cannot be watched");
    }
}

void Poller::change(int fd, std::uint32_t events, void* owner) {
    epoll_event event{.events = events, .data = {.ptr = owner}};
    ::epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event);
}

std::span<epoll_event const> Poller::wait(Nanos longest) {
    longest = std::max(longest, Nanos{0});
    timespec const time{.tv_sec = longest / second, .tv_nsec = longest % second};
    int const count = ::epoll_pwait2(fd_, ready_.data(), static_cast<int>(ready_.size()), &time, nullptr);
    return {ready_.data(), static_cast<std::size_t>(std::max(count, 0))};
}

}  // namespace ocilot::load
