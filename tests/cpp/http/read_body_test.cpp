#include "http/core/read_body.h"

#include "a_request.h"
#include "run.h"

#include <gtest/gtest.h>

namespace ocilot::http {
namespace {

constexpr std::size_t limit = 4 * 1024 * 1024;

class ReadBody : public ::testing::Test {
  protected:
    Result<std::string> read(std::string_view text) {
        test::TextSource source(text, 100'000);
        Request request;
        request.body = &source;
        request.memory = &reservation;
        return ocilot::test::run(read_body(request, limit));
    }
    Metrics metrics;
    MemoryBudget budget{1 << 20, metrics, "bodies"};
    MemoryBudget::Reservation reservation{&budget};
};

TEST_F(ReadBody, HoldsItsMemoryUntilTheRequestIsAnswered) {
    std::string const body(300'000, 'x');
    EXPECT_EQ(read(body).value(), body);
    EXPECT_GE(budget.used(), body.size());
    EXPECT_LE(budget.used(), 2 * body.size());
    reservation.reset();
    EXPECT_EQ(budget.used(), 0U);
}

TEST_F(ReadBody, TakesNoMoreThanTheBudgetHas) {
    auto const refused = read(std::string(2'000'000, 'x'));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_GE(refused.error().retry_after, 1U);
    EXPECT_LE(budget.used(), budget.limit());
}

}  // namespace
}  // namespace ocilot::http
