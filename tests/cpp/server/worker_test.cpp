#include "server/worker.h"

#include "harness.h"
#include "net/loopback.h"
#include "server/connections.h"

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <new>
#include <optional>

using namespace ocilot;
using namespace ocilot::test;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

/// Has no memory left for those that it turns away.
class WithoutMemory final : public http::Handler {
  public:
    Task<http::Response> handle(http::Request const&) override {
        http::Response response;
        response.text("text/plain", "ok");
        response.route = "fake";
        co_return response;
    }
    http::Response refuse(Error const&) const override { throw std::bad_alloc(); }
};

Task<> throw_at_once() {
    throw std::runtime_error("a defect in the background");
    co_return;
}

std::string get(std::uint16_t port) {
    auto const client = connect_to(port);
    client.send("GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    return client.receive_all();
}

/// A worker that serves one connection at a time.
class WorkerTest : public testing::Test {
  protected:
    void SetUp() override {
        auto acceptor = net::listen(worker.context(), "127.0.0.1:0").value();
        port = net::port_of(acceptor.local_endpoint());
        worker.add_listener(std::move(acceptor), nullptr,
                            {handler, h.clock, h.random, h.log, nullptr, worker.metrics(), worker.dates(),
                             h.limits, h.proxies, worker.spare(), &one});
    }
    /// Ends it; answers the exceptions that it met.
    std::uint64_t errors() {
        worker.finish(std::chrono::milliseconds(0), [] {});
        worker.join();
        return h.metrics.counter("ocilot_internal_errors_total", "").value();
    }

    Harness h;
    WithoutMemory handler;
    server::Connections one{1, 0};
    server::Worker worker{h.metrics, h.log, Turns::brief};
    std::uint16_t port = 0;
};

}  // namespace

TEST_F(WorkerTest, AnExceptionBeforeASessionRunsCostsThatConnectionOnly) {
    std::optional slot(one.acquire("192.0.2.1").value());
    worker.start();
    EXPECT_EQ(get(port), "") << "one too many, and no memory to say so";
    EXPECT_EQ(get(port), "");
    slot.reset();
    EXPECT_THAT(get(port), EndsWith("ok"));
    EXPECT_EQ(errors(), 2U);
    EXPECT_THAT(h.log_sink.text(),
                HasSubstr("msg=\"task aborted by an internal error\" task=connection err=std::bad_alloc"));
}

TEST_F(WorkerTest, AnIdleConnectionYieldsItsSeat) {
    worker.start();
    auto const idle = connect_to(port);
    idle.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
    std::array<char, 8> head{};
    EXPECT_EQ(::recv(idle.get(), head.data(), head.size(), MSG_WAITALL), 8) << "it has its seat";
    EXPECT_THAT(get(port), EndsWith("ok"));
    EXPECT_THAT(idle.receive_all(), HasSubstr("\r\n\r\n")) << "the rest of its answer, then the end";
    EXPECT_EQ(errors(), 0U);
    EXPECT_EQ(h.metrics.counter("ocilot_http_connections_yielded_total", "").value(), 1U);
}

TEST_F(WorkerTest, AnExceptionInTheBackgroundOrInAHandlerEndsNothingElse) {
    worker.add_background(throw_at_once());
    worker.start();
    asio::post(worker.context(), [] { throw std::bad_alloc(); });
    asio::post(worker.context(), [] { throw 7; });
    EXPECT_THAT(get(port), EndsWith("ok"));
    EXPECT_EQ(errors(), 3U);
    EXPECT_THAT(h.log_sink.text(), HasSubstr("task=background err=\"a defect in the background\""));
    EXPECT_THAT(h.log_sink.text(), HasSubstr("task=handler err=std::bad_alloc"));
}
