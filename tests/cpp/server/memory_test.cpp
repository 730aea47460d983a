// What requests hold in memory is counted over all connections.
#include "harness.h"
#include "server/response_writer.h"

#include <gmock/gmock.h>

using namespace ocilot;
using namespace ocilot::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

/// Answers with a text of any size.
class Long final : public http::Handler {
  public:
    explicit Long(std::size_t size) : size_(size) {}
    Task<http::Response> handle(http::Request const&) override {
        http::Response response;
        response.text("text/plain", std::string(size_, 'x'));
        response.route = "long";
        co_return response;
    }
    http::Response refuse(Error const& error) const override {
        http::Response response{.status = 503};
        response.text("text/plain", error.message);
        response.set("Retry-After", std::to_string(error.retry_after));
        response.close = true;
        return response;
    }

  private:
    std::size_t size_;
};

Task<> serve(server::SessionContext& context, std::string request, ScriptConn::Record& record) {
    auto const executor = co_await asio::this_coro::executor;
    server::Session session(std::make_unique<ScriptConn>(executor, std::vector{send(request)}, record),
                            context);
    co_await session.run();
}

std::string play(Harness& h, http::Handler& handler, MemoryBudget* memory, std::string const& request) {
    server::SessionContext context{handler,        h.clock, h.random, h.log,     &h.access_log,
                                   h.http_metrics, h.dates, h.limits, h.proxies, h.spare};
    context.memory = memory;
    ScriptConn::Record record;
    test::run(serve(context, request, record));
    return record.written;
}

constexpr std::string_view get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace

TEST(Memory, OfALongAnswerIsHeldUntilItIsOut) {
    Harness h;
    MemoryBudget budget(1 << 20, h.metrics, "bodies");
    Long handler(500'000);
    EXPECT_THAT(play(h, handler, &budget, std::string(get)), StartsWith("HTTP/1.1 200 OK"));
    EXPECT_EQ(budget.used(), 0U);
}

TEST(Memory, AnAnswerForWhichThereIsNoneIs503AndSaysWhenToComeBack) {
    Harness h;
    MemoryBudget budget(1 << 20, h.metrics, "bodies");
    MemoryBudget::Reservation slow_readers(&budget);
    ASSERT_TRUE(slow_readers.reserve(600'000).has_value());
    Long handler(500'000);
    auto const refused = play(h, handler, &budget, std::string(get));
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
    EXPECT_EQ(h.http_metrics.refused("memory").value(), 1U);
    EXPECT_THAT(h.log_sink.text(), HasSubstr("request rejected by a limit"));
    Long small(1000);
    EXPECT_THAT(play(h, small, &budget, std::string(get)), StartsWith("HTTP/1.1 200 OK"))
        << "small answers are not counted";
    EXPECT_THAT(play(h, handler, &budget, "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n"),
                StartsWith("HTTP/1.1 200 OK"))
        << "HEAD holds nothing";
}

TEST(Memory, OfAnAnswerIsWhatItTakesToSendIt) {
    auto const of = [](http::Response const& response, bool tls = false) {
        return server::memory_of(response, tls);
    };
    http::Response text;
    text.body = std::string(1000, 'x');
    EXPECT_EQ(of(text), 2000U) << "it is copied behind the head";
    text.body = std::string(100'000, 'x');
    EXPECT_EQ(of(text), 100'000U);
    http::Response blob;
    blob.body = http::BlobBody{std::make_unique<TextBlob>(std::string(1'000'000, 'x'), true), 0, 1'000'000};
    EXPECT_EQ(of(blob), 0U) << "it comes from a file";
    EXPECT_EQ(of(blob, true), 128U * 1024);
    blob.body = http::BlobBody{std::make_unique<TextBlob>(std::string(1'000'000, 'x'), false), 0, 1'000'000};
    EXPECT_EQ(of(blob), 256U * 1024);
}
