#pragma once

#include "fake_handler.h"
#include "run.h"
#include "script_conn.h"
#include "server/session.h"

#include <optional>

namespace ocilot::test {

/// Stands still unless it is told to move.
class FixedClock final : public Clock {
  public:
    Time now() const override { return now_; }
    void advance(std::chrono::milliseconds by) { now_ += by; }

  private:
    Time now_{std::chrono::seconds(784111777)};
};

class FixedRandom final : public Random {
  public:
    void fill(std::span<std::byte> out) override { std::ranges::fill(out, std::byte{0xab}); }
};

/// A session with a scripted client and a fake handler.
struct Harness {
    MemorySink log_sink;
    MemorySink access_sink;
    FixedClock clock;
    FixedRandom random;
    Log log{log_sink, clock, LogFormat::text, LogLevel::debug};
    server::AccessLog access_log{access_sink, LogFormat::text};
    Metrics metrics;
    server::HttpMetrics http_metrics{metrics};
    server::Dates dates;
    server::Limits limits;
    FakeHandler handler;
    net::Networks proxies;
    std::string spare;
    server::SessionContext context{handler,      clock, random, log,     &access_log,
                                   http_metrics, dates, limits, proxies, spare};
    ScriptConn::Record record;
    server::Session* playing = nullptr;  ///< while a script is played

    /// What a client is told whose connection is one too many.
    std::string reject(std::vector<Step> script, Error why) {
        record = {};
        test::run(turn_away_task(std::move(script), std::move(why)));
        EXPECT_TRUE(record.closed);
        return record.written;
    }

    /// Plays the script and answers all that the server wrote.
    std::string play(std::vector<Step> script) {
        record = {};
        test::run(play_task(std::move(script)));
        EXPECT_TRUE(record.closed);
        EXPECT_EQ(http_metrics.connections.value(), 0);
        EXPECT_EQ(http_metrics.in_flight.value(), 0);
        EXPECT_EQ(http_metrics.streams.value(), 0);
        return record.written;
    }
    std::string play(std::string bytes) { return play(std::vector{send(std::move(bytes))}); }

  private:
    Task<> turn_away_task(std::vector<Step> script, Error why) {
        auto const executor = co_await asio::this_coro::executor;
        server::Session session(std::make_unique<ScriptConn>(executor, std::move(script), record), context);
        co_await session.reject(std::move(why));
    }
    Task<> play_task(std::vector<Step> script) {
        auto const executor = co_await asio::this_coro::executor;
        server::Session session(std::make_unique<ScriptConn>(executor, std::move(script), record), context);
        playing = &session;
        co_await session.run();
        playing = nullptr;
    }
};

/// One answer cut out of what a server wrote.
struct Answer {
    unsigned status = 0;
    std::string head;
    std::string body;
    bool closes() const { return head.find("\r\nConnection: close\r\n") != std::string::npos; }
};

/// Cuts answers apart by their Content-Length; `heads` says which of them (counted from 0) answer HEAD.
inline std::vector<Answer> answers(std::string_view wire, std::vector<std::size_t> heads = {}) {
    std::vector<Answer> all;
    while (!wire.empty()) {
        auto const end = wire.find("\r\n\r\n");
        if (!wire.starts_with("HTTP/1.1 ") || end == std::string_view::npos) {
            ADD_FAILURE() << "not an answer: " << wire.substr(0, 200);
            break;
        }
        Answer answer;
        answer.head = wire.substr(0, end + 4);
        answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
        wire.remove_prefix(end + 4);
        auto const length = answer.head.find("\r\nContent-Length: ");
        bool const bare = std::ranges::find(heads, all.size()) != heads.end();
        if (length != std::string::npos && !bare) {
            answer.body = wire.substr(0, std::stoul(answer.head.substr(length + 18)));
            wire.remove_prefix(answer.body.size());
        }
        all.push_back(std::move(answer));
    }
    return all;
}

}  // namespace ocilot::test
