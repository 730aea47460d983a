#include "harness.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

constexpr std::string_view sized = "PUT /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n";
constexpr std::string_view chunked = "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

/// A session that asks for 100 bytes a second after 2 s, and allows pauses of 5 s.
struct Slow : Harness {
    Slow() {
        limits.body_rate = 100;
        limits.body_grace = 2s;
        limits.idle_time = 5s;
    }
    Step after(std::chrono::milliseconds pause, std::string bytes) {
        return send_later([this, pause] { clock.advance(pause); }, std::move(bytes));
    }
};

}  // namespace

TEST(BodyRate, ABodyThatNeverComesIsAnsweredAfterTheGrace) {
    for (auto const& head : {sized, chunked}) {
        Slow h;
        auto const all = answers(h.play({send(std::string(head)), stall()}));
        ASSERT_EQ(all.size(), 1U);
        EXPECT_EQ(all[0].status, 408U);
        EXPECT_TRUE(all[0].closes());
        EXPECT_THAT(all[0].body, HasSubstr("100 bytes per second"));
        EXPECT_THAT(h.record.deadlines, testing::Contains(2000ms));
    }
}

TEST(BodyRate, ABodyThatTricklesIsCutOffAndTheHandlerHasWhatCame) {
    Slow h;
    std::vector<Step> script{send(std::string(sized))};
    for (int i = 0; i < 4; ++i) script.push_back(h.after(500ms, "x"));  // 40 ms of every 500 are paid for.
    script.push_back(stall());
    auto const all = answers(h.play(std::move(script)));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].status, 408U);
    EXPECT_EQ(h.handler.last_body, "xxxx");
    ASSERT_GE(h.record.deadlines.size(), 6U);
    EXPECT_EQ(h.record.deadlines[4], 530ms) << "three pauses spent 1.5 s, three bytes earned 30 ms";
    EXPECT_EQ(h.record.deadlines[5], 40ms);
}

TEST(BodyRate, ABodyAtTheRateIsTakenWholeHoweverLongItTakes) {
    Slow h;
    std::vector<Step> script{send(std::string(sized))};
    for (int i = 0; i < 10; ++i) script.push_back(h.after(1s, std::string(100, 'x')));
    auto const all = answers(h.play(std::move(script)));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].status, 200U);
    EXPECT_EQ(all[0].body, std::string(1000, 'x'));
}

TEST(BodyRate, ABodyThatWasFastMayPauseForTheIdleTime) {
    Slow h;
    auto const first = std::string(999, 'x');
    auto const all = answers(h.play({send(std::string(sized)), h.after(0s, first), h.after(4900ms, "y")}));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].status, 200U);
    EXPECT_THAT(h.record.deadlines, testing::Contains(5000ms));
}

TEST(BodyRate, WithoutOneOnlyPausesAreLimited) {
    Slow h;
    h.limits.body_rate = 0;
    std::vector<Step> script{send(std::string(sized))};
    for (int i = 0; i < 1000; ++i) script.push_back(h.after(4900ms, "x"));
    EXPECT_EQ(answers(h.play(std::move(script))).at(0).status, 200U);
}

TEST(BodyRate, ARefusalIsCountedAndLogged) {
    Slow h;
    h.play({send(std::string(sized)), stall()});
    EXPECT_THAT(h.metrics.text(), HasSubstr(R"(ocilot_http_refused_total{reason="request_timeout"} 1)"));
    EXPECT_THAT(h.log_sink.text(), HasSubstr("request rejected by a limit"));
    EXPECT_THAT(h.log_sink.text(), HasSubstr("target=/echo reason=request_timeout"));
}

TEST(RejectedConnections, IsToldAndClosedWhateverItSays) {
    for (auto const& script : {std::vector{send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"), stall()},
                               std::vector{stall(), stall()}, std::vector<Step>{}}) {
        Harness h;
        auto const all = answers(h.reject(script, {Errc::unavailable, "full"}));
        ASSERT_EQ(all.size(), 1U);
        EXPECT_EQ(all[0].status, 503U);
        EXPECT_TRUE(all[0].closes());
        EXPECT_THAT(all[0].body, HasSubstr("full"));
        EXPECT_TRUE(h.record.finished_writing);
        EXPECT_EQ(h.handler.seen, "") << "no request of it is served";
    }
}

TEST(RejectedConnections, SendsNoBodyToHead) {
    Harness h;
    auto const wire = h.reject({send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n")}, {Errc::unavailable, "full"});
    EXPECT_THAT(wire, EndsWith("\r\n\r\n"));
}
