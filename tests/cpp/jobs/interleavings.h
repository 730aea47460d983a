#pragma once

#include "base/suspend.h"
#include "jobs/stepping_store.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string_view>
#include <vector>

namespace ocilot::test {

/// Coroutines that take turns: each runs alone from one of its stops to the next. Played in one order of
/// turns after the other, until there is no other: with a and b turns these are (a + b)! / (a! b!) orders.
class Interleavings {
  public:
    using Player = std::function<Task<>(Step stop)>;

    /// Plays them all to their ends, in the next order.
    Task<> play(std::vector<Player> players) {
        auto const executor = co_await asio::this_coro::executor;
        seats_.clear();
        depth_ = 0;
        for (auto& player : players) {
            auto& seat = seats_.emplace_back();
            auto const end = [&seat](std::exception_ptr problem) {
                EXPECT_FALSE(problem);
                seat.state = State::at_end;
            };
            asio::co_spawn(executor, sit(seat, std::move(player)), end);
        }
        co_await wait();
        for (auto ready = standing(); !ready.empty(); ready = standing()) {
            auto& seat = *ready[choose(ready.size())];
            seat.state = State::running;
            (*std::exchange(seat.resume, std::nullopt))(true);
            co_await wait();
        }
        ++played_;
    }
    /// Goes to the next order; false: all were played.
    bool next() {
        choices_.resize(std::min(choices_.size(), depth_));
        while (!choices_.empty() && choices_.back().taken + 1 >= choices_.back().options) choices_.pop_back();
        if (choices_.empty()) return false;
        ++choices_.back().taken;
        return true;
    }
    [[nodiscard]] std::size_t played() const noexcept { return played_; }

  private:
    enum class State { running, at_stop, at_end };
    struct Seat {
        State state = State::running;
        bool stops_pushes = false;
        std::optional<Resume<bool>> resume = {};
    };
    struct Choice {
        std::size_t taken;
        std::size_t options;
    };
    /// So many times others get the thread until one counts as waiting for the end of a stop of pushes.
    static constexpr int patience = 1000;

    static Task<> stop(Seat& seat, std::string_view at) {
        seat.stops_pushes = at.ends_with("stopped");
        co_await suspend<bool>([&seat](Resume<bool> resume) {
            seat.resume.emplace(std::move(resume));
            seat.state = State::at_stop;
        });
    }
    static Task<> sit(Seat& seat, Player player) {
        co_await stop(seat, "the start");
        co_await player([&seat](std::string_view at) { return stop(seat, at); });
    }
    /// Until each has come to a stop or to its end, or waits for one that stands where pushes are stopped.
    Task<> wait() {
        auto const executor = co_await asio::this_coro::executor;
        for (int turns = 0; any([](Seat const& seat) { return seat.state == State::running; }); ++turns) {
            bool const stopped =
                any([](Seat const& seat) { return seat.state == State::at_stop && seat.stops_pushes; });
            if (stopped && turns >= patience) co_return;
            co_await asio::post(executor, use_task);
        }
    }
    template <class Is>
    [[nodiscard]] bool any(Is is) const {
        return std::ranges::any_of(seats_, is);
    }
    /// Those that stand at a stop.
    std::vector<Seat*> standing() {
        std::vector<Seat*> found;
        for (auto& seat : seats_) {
            if (seat.state == State::at_stop) found.push_back(&seat);
        }
        return found;
    }
    std::size_t choose(std::size_t options) {
        if (depth_ == choices_.size()) choices_.push_back({0, options});
        return std::min(choices_[depth_++].taken, options - 1);
    }

    std::deque<Seat> seats_;
    std::vector<Choice> choices_;
    std::size_t depth_ = 0;
    std::size_t played_ = 0;
};

}  // namespace ocilot::test
