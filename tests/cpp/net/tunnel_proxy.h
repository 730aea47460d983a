#pragma once

#include "loopback.h"

#include <fmt/format.h>
#include <mutex>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

namespace ocilot::test {

/// A proxy on loopback: whatever host a CONNECT names, it leads to one port of this machine. One connection
/// at a time.
class TunnelProxy {
  public:
    /// `answer` to every CONNECT; a tunnel follows if it begins with `HTTP/1.1 200`.
    TunnelProxy(std::uint16_t target, std::string answer)
        : target_(target), answer_(std::move(answer)), listening_(stuck_listener()) {
        EXPECT_EQ(::pipe(ending_.data()), 0);
        thread_ = std::thread([this] { serve(); });
    }
    explicit TunnelProxy(std::uint16_t target) : TunnelProxy(target, "HTTP/1.1 200 Established\r\n\r\n") {}
    ~TunnelProxy() {
        ::close(ending_[1]);
        thread_.join();
        ::close(ending_[0]);
    }
    TunnelProxy(TunnelProxy const&) = delete;
    TunnelProxy& operator=(TunnelProxy const&) = delete;

    [[nodiscard]] std::string url(std::string_view credentials = {}) const {
        return fmt::format("http://{}127.0.0.1:{}", credentials, port_of(listening_));
    }
    [[nodiscard]] std::vector<std::string> requests() {
        std::lock_guard const lock(mutex_);
        return requests_;
    }

  private:
    void serve() {
        for (;;) {
            std::array<pollfd, 2> both{pollfd{listening_.get(), POLLIN, 0}, pollfd{ending_[0], POLLIN, 0}};
            ::poll(both.data(), both.size(), -1);
            if (both[1].revents != 0) return;
            Fd const client(::accept(listening_.get(), nullptr, nullptr));
            std::string head;
            while (!head.ends_with("\r\n\r\n") && copy(client, head)) {
            }
            {
                std::lock_guard const lock(mutex_);
                requests_.push_back(head);
            }
            client.send(answer_);
            if (!answer_.starts_with("HTTP/1.1 200")) continue;
            auto const server = connect_to(target_);
            while (pass(client, server)) {
            }
        }
    }
    /// Some bytes; false at the end.
    static bool copy(Fd const& from, std::string& to) {
        char next = 0;
        if (::recv(from.get(), &next, 1, 0) <= 0) return false;
        to += next;
        return true;
    }
    /// Passes bytes on, once; false when one side is gone.
    bool pass(Fd const& one, Fd const& other) {
        std::array<pollfd, 3> all{pollfd{one.get(), POLLIN, 0}, pollfd{other.get(), POLLIN, 0},
                                  pollfd{ending_[0], POLLIN, 0}};
        ::poll(all.data(), all.size(), -1);
        if (all[2].revents != 0) return false;
        bool const forth = all[0].revents != 0;
        std::array<char, 4096> part;
        auto const n = ::recv((forth ? one : other).get(), part.data(), part.size(), 0);
        if (n <= 0) return false;
        auto const size = static_cast<std::size_t>(n);
        return ::send((forth ? other : one).get(), part.data(), size, MSG_NOSIGNAL) == n;
    }

    std::uint16_t target_;
    std::string answer_;
    Fd listening_;
    std::array<int, 2> ending_{};
    std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

}  // namespace ocilot::test
