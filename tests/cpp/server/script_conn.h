#pragma once

#include "net/conn.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace ocilot::test {

/// What the client does next.
struct Step {
    enum class Kind { send, leave, reset, stall } kind = Kind::send;
    std::string bytes = {};             ///< of send
    std::string after = {};             ///< of send: what the server must have written before
    std::function<void()> before = {};  ///< of send: called first, to let time pass
};

inline Step send(std::string bytes) {
    return {Step::Kind::send, std::move(bytes)};
}
inline Step send_after(std::string seen, std::string bytes) {
    return {Step::Kind::send, std::move(bytes), std::move(seen)};
}
inline Step send_later(std::function<void()> pause, std::string bytes) {
    return {Step::Kind::send, std::move(bytes), {}, std::move(pause)};
}
inline Step stall() {
    return {Step::Kind::stall};
}  ///< says nothing until the deadline
inline Step reset() {
    return {Step::Kind::reset};
}

/// A client that follows a script, and leaves at its end.
class ScriptConn final : public net::Conn {
  public:
    struct Record {
        std::string written;
        bool finished_writing = false;
        bool closed = false;
        std::vector<std::chrono::milliseconds> deadlines;  ///< of every read, in order
    };

    ScriptConn(Executor executor, std::vector<Step> script, Record& record)
        : executor_(executor), script_(script.begin(), script.end()), record_(record) {}

    Task<Result<std::size_t>> read_some(std::span<std::byte> out) override {
        EXPECT_FALSE(out.empty());
        EXPECT_GT(limit_.count(), 0) << "a read without a deadline";
        record_.deadlines.push_back(limit_);
        co_await asio::post(use_task);
        if (record_.closed) co_return Error{Errc::cancelled, "closed here"};
        if (script_.empty()) co_return std::size_t{0};
        auto& step = script_.front();
        if (step.kind == Step::Kind::leave) co_return std::size_t{0};
        if (step.kind == Step::Kind::reset) co_return Error{Errc::peer_closed, "reset"};
        if (step.kind == Step::Kind::stall) {
            script_.pop_front();
            co_return Error{Errc::request_timeout, "deadline"};
        }
        if (step.before) std::exchange(step.before, nullptr)();
        EXPECT_NE(record_.written.find(step.after), std::string::npos) << "not written yet: " << step.after;
        auto const count = std::min(out.size(), step.bytes.size());
        std::memcpy(out.data(), step.bytes.data(), count);
        step.bytes.erase(0, count);
        received_ += count;
        if (step.bytes.empty()) script_.pop_front();
        co_return count;
    }
    Task<Result<>> write(net::ConstBytes bytes, bool) override {
        EXPECT_GT(limit_.count(), 0) << "a write without a deadline";
        if (record_.closed || record_.finished_writing) co_return Error{Errc::cancelled, "closed here"};
        record_.written.append(reinterpret_cast<char const*>(bytes.data()), bytes.size());
        co_return Result<>();
    }
    Task<Result<>> send_file(int fd, std::uint64_t offset, std::uint64_t length) override {
        std::string bytes(length, '\0');
        auto const count = ::pread(fd, bytes.data(), length, static_cast<off_t>(offset));
        if (count != static_cast<ssize_t>(length)) co_return Error{Errc::io, "the file ended early"};
        record_.written += bytes;
        co_return Result<>();
    }
    bool readable() override { return !script_.empty(); }
    using Conn::expires_after;
    void expires_after(net::StreamTimeouts timeouts) override {
        limit_ = std::max(timeouts.total, timeouts.stall);
    }
    std::uint64_t received() const noexcept override { return received_; }
    bool peer_closed() override { return false; }
    Task<> finish_writing() override {
        record_.finished_writing = true;
        co_return;
    }
    void close() noexcept override { record_.closed = true; }
    Executor executor() override { return executor_; }
    std::string const& peer() const noexcept override { return peer_; }

  private:
    Executor executor_;
    std::deque<Step> script_;
    Record& record_;
    std::chrono::milliseconds limit_{0};
    std::uint64_t received_ = 0;
    std::string peer_ = "[2001:db8::1]:40112";
};

}  // namespace ocilot::test
